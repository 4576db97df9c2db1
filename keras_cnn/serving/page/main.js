// The page's parts put together: the pad asks, the server answers, results are shown.

import { Pad } from "./pad.js";
import { Results } from "./results.js";

const PAUSE = 40; // milliseconds between two questions while drawing
const QUIET = 900; // milliseconds without a change before the answer is read aloud

const element = (id) => document.getElementById(id);
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

class Server {
  async #fetch(path, options) {
    let answer;
    try {
      answer = await fetch(path, options);
    } catch {
      throw new Error("The server does not answer. Is it still running?");
    }
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error);
    return content;
  }

  about() {
    return this.#fetch("model");
  }

  ask(path, image) {
    return this.#fetch(path, {
      method: "POST",
      headers: { "Content-Type": image.type },
      body: image,
    });
  }
}

const server = new Server();
let results = null;
let revision = 0; // counts changes of the drawing
let isAsking = false;
let wantsHeat = false;
let reading = 0; // the timer before an answer is read aloud
let pending = 0; // pictures being decoded and answers being waited for

async function whileBusy(work) {
  pending += 1;
  element("said").setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    pending -= 1;
    element("said").setAttribute("aria-busy", String(pending > 0));
  }
}

function say(text) {
  element("announcement").textContent = text;
}

function complain(problem) {
  element("problem").hidden = problem === null;
  element("problem").textContent = problem ?? "";
}

// One question at a time: what changed meanwhile is asked next, in its newest state.
async function ask() {
  if (isAsking || results === null) return;
  isAsking = true;
  await whileBusy(answerNewest);
  isAsking = false;
}

async function answerNewest() {
  let asked = -1;
  while (asked !== revision && !pad.isEmpty) {
    asked = revision;
    try {
      await show(asked);
      complain(null);
    } catch (error) {
      complain(error.message);
    }
    await pause(PAUSE);
  }
}

async function show(asked) {
  const image = await pad.toBlob();
  const answer = await server.ask("look", image);
  if (pad.isEmpty) return;
  if (answer.empty) {
    results.showNothing();
    element("sentence").textContent = "There is nothing to see on it yet.";
    return;
  }
  results.show(answer);
  clearTimeout(reading);
  reading = setTimeout(() => say(results.spoken), QUIET);
  if (!wantsHeat || pad.isDrawing) return;
  const explained = await server.ask(`explain/${answer.first}`, image);
  if (asked !== revision || !wantsHeat) return;
  results.showHeat(explained);
}

function changed() {
  revision += 1;
  element("undo").disabled = !pad.canUndo;
  element("clear").disabled = pad.isEmpty;
  element("invitation").hidden = !pad.isEmpty;
  if (!pad.isEmpty) {
    ask();
    return;
  }
  clearTimeout(reading);
  complain(null);
  results?.showNothing();
}

const pad = new Pad(element("pad"), { changed, said: say });

function usePicture(file) {
  return whileBusy(async () => {
    try {
      pad.showPicture(await createImageBitmap(file));
    } catch {
      complain(`${file.name || "This file"} is not a picture that this browser can read.`);
    }
  });
}

function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));
}

element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", () => {
  pad.clear();
  say("Cleared");
});
element("brush").addEventListener("input", ({ target }) => {
  pad.brush = Number(target.value) / 100;
  target.setAttribute("aria-valuetext", `${target.value} percent of the pad`);
});
element("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  target.value = ""; // so that the same file can be chosen again
  if (file) usePicture(file);
});
element("heat").addEventListener("click", () => {
  wantsHeat = !wantsHeat;
  element("heat").setAttribute("aria-pressed", String(wantsHeat));
  revision += 1;
  ask();
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    pad.undo();
  }
});
document.addEventListener("paste", (event) => {
  const file = pictureIn(event.clipboardData);
  if (file) usePicture(file);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  element("frame").classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) element("frame").classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  element("frame").classList.remove("dropping");
  const file = pictureIn(event.dataTransfer);
  if (file) usePicture(file);
  else complain("Only an image file can be dropped here.");
});

async function start() {
  let about;
  try {
    about = await server.about();
  } catch (error) {
    element("model").textContent = "";
    complain(error.message);
    return;
  }
  results = new Results(about);
  const kind = about.channels === 3 ? "colour" : "gray";
  element("model").textContent =
    `${about.name}, version ${about.version}: ${about.class_names.length} classes, ` +
    `${about.width}×${about.height} pixels, ${kind}`;
  changed();
}

start();
