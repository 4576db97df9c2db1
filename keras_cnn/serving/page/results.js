// What the network answered: the verdict, the bars, and what it saw.

const MOST_BARS = 12; // with more classes, only the most probable ones have a bar
const SURE = 0.5; // below this probability the verdict says so
const FOR = [255, 122, 0];
const AGAINST = [30, 120, 255];
const NEITHER = 128; // the level of a pixel that speaks neither for a class nor against it
const HEAT_OPACITY = 0.8;
const MOST_TIMES = 1000; // beyond it the legend gives no number

const percent = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

const element = (id) => document.getElementById(id);

function unpack({ width, height, channels, base64 }) {
  const values = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return { width, height, channels, values };
}

function opening(isSure, strange) {
  if (strange) return "This looks like no digit. If it is one, perhaps";
  return isSure ? "Looks like" : "Not sure, perhaps";
}

export class Results {
  constructor({ class_names: names, width, height }) {
    this.names = names;
    this.nothing = `Draw something, and the network says which of ${names.length} classes it sees.`;
    element("seen").width = width;
    element("seen").height = height;
    element("seen-caption").textContent = `What the network sees: ${width}×${height} pixels`;
    const count = Math.min(names.length, MOST_BARS);
    this.bars = Array.from({ length: count }, () => this.#addBar());
    if (count < names.length) {
      element("bars-caption").textContent = `The ${count} most probable of ${names.length} classes`;
    }
    this.showNothing();
  }

  showNothing() {
    this.answer = null;
    this.#setLabel("?", false);
    element("sentence").textContent = this.nothing;
    element("runner-up").textContent = "";
    element("seen").setAttribute("aria-label", "What the network sees: nothing yet");
    element("legend").hidden = true;
    element("seen").getContext("2d").clearRect(0, 0, element("seen").width, element("seen").height);
    this.#showBars(this.names.map(() => 0), null);
  }

  show(answer) {
    this.answer = answer;
    const { first, second, probabilities, strange } = answer;
    const isSure = probabilities[first] >= SURE && !strange;
    this.#setLabel(this.names[first], isSure);
    element("sentence").textContent =
      `${opening(isSure, strange)} ${this.names[first]}: ${percent.format(probabilities[first])}`;
    element("runner-up").textContent =
      `then ${this.names[second]}: ${percent.format(probabilities[second])}`;
    this.#showBars(probabilities, first);
    this.showSeen(null);
  }

  // The sentence that is read aloud.
  get spoken() {
    return `${element("sentence").textContent}, ${element("runner-up").textContent}`;
  }

  // The network's input; with `heatmap`, in orange what spoke for the verdict, in blue
  // what spoke against it.
  showSeen(heatmap) {
    const { width, height, channels, values } = unpack(this.answer.seen);
    const heat = heatmap && unpack(heatmap).values;
    const image = new ImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const spoke = heat ? (heat[pixel] - NEITHER) / (NEITHER - 1) : 0;
      const opacity = Math.abs(spoke) * HEAT_OPACITY;
      const tint = spoke > 0 ? FOR : AGAINST;
      for (let color = 0; color < 3; color += 1) {
        const level = values[pixel * channels + (channels === 3 ? color : 0)];
        image.data[pixel * 4 + color] = level * (1 - opacity) + tint[color] * opacity;
      }
      image.data[pixel * 4 + 3] = 255;
    }
    element("seen").getContext("2d").putImageData(image, 0, 0);
    element("seen").setAttribute(
      "aria-label",
      `What the network sees${heat ? ", in orange what speaks for the answer, in blue what against" : ""}`,
    );
    element("legend").hidden = !heat;
  }

  // Where it looked, and how much a full color means.
  showHeat({ heatmap, strongest, note }) {
    this.showSeen(heatmap);
    const times = Math.exp(Math.min(strongest, Math.log(MOST_TIMES)));
    const factor = times < MOST_TIMES ? times.toPrecision(2) : `over ${MOST_TIMES}`;
    element("heat-note").textContent =
      note || `At full color: ${Number(factor) || factor} times, with a patch there made black.`;
  }

  #setLabel(text, isSure) {
    const label = element("label");
    label.textContent = text;
    label.classList.toggle("word", text.length > 3);
    label.classList.toggle("sure", isSure);
  }

  #addBar() {
    const row = element("bars").insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    row.append(name);
    const track = row.insertCell();
    track.setAttribute("aria-hidden", "true");
    track.innerHTML = '<div class="track"><div class="bar"></div></div>';
    const value = row.insertCell();
    return { row, name, bar: track.querySelector(".bar"), value };
  }

  #showBars(probabilities, first) {
    const order = probabilities.map((_, number) => number);
    if (order.length > MOST_BARS) order.sort((a, b) => probabilities[b] - probabilities[a]);
    this.bars.forEach(({ row, name, bar, value }, index) => {
      const number = order[index];
      row.classList.toggle("first", number === first);
      name.textContent = name.title = this.names[number];
      bar.style.width = `${probabilities[number] * 100}%`;
      value.textContent = first === null ? "" : percent.format(probabilities[number]);
    });
  }
}
