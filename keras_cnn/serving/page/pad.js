// The drawing pad: strokes by pointer or keyboard, or a picture in their place.

const SENT_SIDE = 280; // pixels of a drawing as it is sent
const LARGEST_PICTURE = 1024; // the longer side of a picture as it is sent
const STEP = 1 / 20; // of the pad, by an arrow key
const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

// A stroke has its width and points, both as shares of the pad's side.
function paint(context, side, strokes, ink) {
  context.strokeStyle = context.fillStyle = ink;
  context.lineCap = context.lineJoin = "round";
  for (const { width, points } of strokes) {
    const [start, ...others] = points.map(([x, y]) => [x * side, y * side]);
    context.beginPath();
    if (others.length === 0) {
      context.arc(...start, (width * side) / 2, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    context.lineWidth = width * side;
    context.moveTo(...start);
    // Through the middles of the segments, so that corners between samples are round.
    others.forEach(([x, y], index) => {
      const [nextX, nextY] = others[index + 1] ?? [x, y];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    });
    context.stroke();
  }
}

export class Pad {
  // `changed` is called after each change, `said` with what should be read aloud.
  constructor(canvas, { changed, said }) {
    this.canvas = canvas;
    this.changed = changed;
    this.said = said;
    this.brush = 0.08;
    this.state = { strokes: [], picture: null };
    this.past = []; // earlier states, for undo
    this.pointer = null; // the id of the pointer that draws
    this.cursor = null; // where the keyboard's pen is, while it is used
    this.isPenDown = false;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#lift(event));
    canvas.addEventListener("pointercancel", (event) => this.#lift(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#putKeyboardAway());
    new ResizeObserver(() => this.#show()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#show());
  }

  get isEmpty() {
    return this.state.strokes.length === 0 && this.state.picture === null;
  }

  get isDrawing() {
    return this.pointer !== null || this.isPenDown;
  }

  get canUndo() {
    return this.past.length > 0;
  }

  undo() {
    if (!this.canUndo) return;
    this.#endStroke();
    this.state = this.past.pop();
    this.#update();
  }

  clear() {
    this.#endStroke();
    if (!this.isEmpty) this.#replace({ strokes: [], picture: null });
  }

  showPicture(picture) {
    this.#endStroke();
    this.#replace({ strokes: [], picture });
  }

  // White on black, as MNIST's digits are; a picture as it is, at most so large.
  toBlob() {
    const sheet = document.createElement("canvas");
    const context = sheet.getContext("2d");
    const { strokes, picture } = this.state;
    if (picture) {
      const shrink = Math.min(1, LARGEST_PICTURE / Math.max(picture.width, picture.height));
      sheet.width = Math.max(1, Math.round(picture.width * shrink));
      sheet.height = Math.max(1, Math.round(picture.height * shrink));
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, 0, 0, sheet.width, sheet.height);
    } else {
      sheet.width = sheet.height = SENT_SIDE;
      context.fillRect(0, 0, SENT_SIDE, SENT_SIDE);
      paint(context, SENT_SIDE, strokes, "#fff");
    }
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  }

  #replace(state) {
    this.past.push(this.state);
    this.state = state;
    this.#update();
  }

  #update() {
    this.#show();
    this.changed();
  }

  #begin(point) {
    const stroke = { width: this.brush, points: [point] };
    const drawn = this.state.picture ? [] : this.state.strokes;
    this.#replace({ strokes: [...drawn, stroke], picture: null });
  }

  #extend(points) {
    this.state.strokes.at(-1).points.push(...points);
    this.#update();
  }

  #endStroke() {
    this.pointer = null;
    this.isPenDown = false;
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #press(event) {
    // One finger draws; a palm or a second finger beside it does not.
    if (this.pointer !== null || event.button !== 0) return;
    this.#putKeyboardAway();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#begin(this.#place(event));
  }

  #move(event) {
    if (event.pointerId !== this.pointer) return;
    const samples = event.getCoalescedEvents?.() ?? [];
    this.#extend((samples.length ? samples : [event]).map((sample) => this.#place(sample)));
  }

  #lift(event) {
    if (event.pointerId !== this.pointer) return;
    this.#endStroke();
    this.changed();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.pointer !== null) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#step(arrow, event.shiftKey ? STEP / 4 : STEP);
    else if (event.key === " ") this.#togglePen();
    else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
  }

  #step([right, down], length) {
    const within = (share) => Math.min(1, Math.max(0, share));
    const [x, y] = this.cursor ?? [0.5, 0.5];
    this.cursor = [within(x + right * length), within(y + down * length)];
    if (this.isPenDown) this.#extend([this.cursor]);
    else this.#show();
  }

  #togglePen() {
    this.cursor ??= [0.5, 0.5];
    if (this.isPenDown) {
      this.isPenDown = false;
      this.#update();
    } else {
      this.isPenDown = true;
      this.#begin(this.cursor);
    }
    this.said(this.isPenDown ? "Pen down" : "Pen up");
  }

  #putKeyboardAway() {
    this.isPenDown = false;
    this.cursor = null;
    this.#show();
  }

  #show() {
    const { canvas } = this;
    const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    const { strokes, picture } = this.state;
    if (picture) {
      const fit = side / Math.max(picture.width, picture.height);
      const [width, height] = [picture.width * fit, picture.height * fit];
      context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
    }
    const style = getComputedStyle(canvas);
    paint(context, side, strokes, style.getPropertyValue("--ink"));
    if (this.cursor) {
      const [x, y] = this.cursor;
      context.beginPath();
      context.arc(x * side, y * side, (this.brush * side) / 2 + 2, 0, 2 * Math.PI);
      context.strokeStyle = style.getPropertyValue("--accent");
      context.lineWidth = 3 * devicePixelRatio;
      context.stroke();
    }
  }
}
