// The half of the page that people see; widget.py beside it is the other one. The picture area knows
// the mouse, fingers and the keyboard; everything else is the browser's own controls.

const PIECE = 1_000_000; // bytes of a file sent at a time
const STOPPED = "The program behind this page has stopped, and the photograph with it. Load the page anew to begin again.";
const COLORS = {
  sky: "#6ea8dc", water: "#3d7f96", leaves: "#55803a", grass: "#8aa84c", sand: "#cdae7a",
  wood: "#a8773f", brick: "#ad5540", skin: "#d99f82", red: "#c23a34", yellow: "#dcb73c",
  violet: "#8a5fae", gray: "#808080",
};

const HTML = `
<div class="ck-alert" role="alert" hidden><p></p><button type="button">Close</button></div>
<div class="ck-parts">
  <section class="ck-stage" aria-label="Photograph">
    <div class="ck-drop">
      <svg viewBox="0 0 64 48" width="72" height="54" aria-hidden="true">
        <rect x="1.5" y="1.5" width="61" height="45" rx="5"/><circle cx="19" cy="15" r="5"/>
        <path d="M6 41l16-16 10 10 12-14 15 18"/>
      </svg>
      <p class="ck-lead">Drop a photograph here</p>
      <button type="button" class="ck-main" data-do="choose">Choose a photograph</button>
      <p class="ck-small">JPEG, PNG, TIFF, WebP and others, up to <span data-is="limit"></span> MB.
        It is held in memory and never written to disk.</p>
    </div>
    <div class="ck-frame" hidden>
      <img data-is="before" alt="Before: the photograph in gray" draggable="false">
      <img data-is="after" alt="After: the photograph colorized" draggable="false">
      <span class="ck-tag" data-is="before-tag">Before</span>
      <span class="ck-tag" data-is="after-tag">After</span>
      <div class="ck-line"></div>
      <div class="ck-knob" role="slider" tabindex="0"
        aria-label="Divider between before and after" aria-valuemin="0" aria-valuemax="100"></div>
      <div class="ck-hints" role="group" aria-label="Color hints"></div>
    </div>
    <progress max="1" hidden aria-label="Sent or received"></progress>
    <p class="ck-status" role="status"></p>
  </section>
  <section class="ck-panel" aria-label="Settings" hidden>
    <p class="ck-name"><strong data-is="name"></strong> <span data-is="size"></span></p>
    <label>Model <select data-is="model"></select></label>
    <p class="ck-small" data-is="about"></p>
    <label data-is="after-sliders">Contrast <select data-is="contrast"></select></label>
    <label class="ck-inline"><input type="checkbox" data-is="negative"> Negative of a film</label>
    <fieldset data-is="hinting">
      <legend>Color hints</legend>
      <p class="ck-small">Click a place in the photograph, then say what color it has. Hints can be
        dragged. How light a place is, the photograph decides.</p>
      <div class="ck-row"><label class="ck-inline"><input type="color" data-is="color">
        <span data-is="which"></span></label></div>
      <div class="ck-swatches" role="group" aria-label="Usual colors"></div>
      <div class="ck-row">
        <button type="button" data-do="add">Add at center</button>
        <button type="button" data-do="remove">Remove</button>
        <button type="button" data-do="clear">Clear</button>
      </div>
    </fieldset>
    <p class="ck-small" data-is="unhinted"><span></span>
      <button type="button" data-do="hinted"></button></p>
    <button type="button" class="ck-main" data-do="download">Download full size</button>
    <button type="button" data-do="choose">Another photograph</button>
    <details><summary>Keyboard</summary><dl>
      <dt>Tab</dt><dd>to the divider, to each hint, to the settings</dd>
      <dt>Arrows</dt><dd>move the hint or divider; with Shift farther</dd>
      <dt>H</dt><dd>adds a hint at the center</dd>
      <dt>Enter</dt><dd>on a hint: choose its color</dd>
      <dt>Delete</dt><dd>removes the hint</dd>
      <dt>Escape</dt><dd>leaves the hint; the next color is for the next one</dd>
    </dl></details>
  </section>
</div>
<input type="file" hidden aria-hidden="true" tabindex="-1">`;

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "ck";
  root.innerHTML = HTML;
  el.append(root);
  const part = (name) => root.querySelector(`[data-is="${name}"]`);
  const doing = (name, act) =>
    root.querySelectorAll(`[data-do="${name}"]`).forEach((b) => b.addEventListener("click", act));
  const [frame, knob, marks] = ["frame", "knob", "hints"].map((n) => root.querySelector(`.ck-${n}`));
  const [status, progress, alert] = [".ck-status", "progress", ".ck-alert"].map((n) => root.querySelector(n));
  const chooser = root.querySelector("input[type=file]");
  // Systems that do not know a kind, as many do not know HEIC, would not offer it as an image.
  chooser.accept = ["image/*", ...model.get("endings")].join();

  // --- what is said ------------------------------------------------------------------------------
  const say = (text) => { status.textContent = text; };
  const complain = (text) => {
    alert.hidden = !text;
    alert.firstElementChild.textContent = text;
    if (text) { say(""); progress.hidden = true; }
  };
  alert.querySelector("button").addEventListener("click", () => complain(""));

  let since = null; // when what the picture does not show yet was asked for
  function ask(values) {
    since ??= performance.now();
    root.setAttribute("aria-busy", "true");
    complain("");
    model.set(values);
    model.save_changes();
  }
  function answered() {
    root.removeAttribute("aria-busy");
    root.dataset.painted = model.get("painted");
    if (since === null) return;
    root.dataset.seconds = ((performance.now() - since) / 1000).toFixed(3);
    say(`Colorized in ${Number(root.dataset.seconds).toFixed(2)} seconds.`);
    since = null;
  }

  // --- the picture -------------------------------------------------------------------------------
  const drawn = {}; // the bytes of each picture that is shown
  async function show(name) {
    const image = part(name), old = image.src, bytes = model.get(name);
    if (drawn[name] === bytes) return;
    drawn[name] = bytes;
    image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    await image.decode().catch(() => {});
    if (old) URL.revokeObjectURL(old);
  }
  function showPhoto() {
    const { name, width, height, notes } = model.get("photo");
    const there = name !== undefined;
    root.querySelector(".ck-drop").hidden = there;
    frame.hidden = root.querySelector(".ck-panel").hidden = !there;
    if (!there) return;
    frame.style.setProperty("--ck-aspect", width / height);
    part("name").textContent = name;
    part("size").textContent = [`${width} × ${height} pixels`, ...notes].join("; ");
    show("before");
  }
  let divider = 50;
  function divide(percent) {
    divider = Math.min(100, Math.max(0, percent));
    frame.style.setProperty("--ck-divider", `${divider}%`);
    knob.setAttribute("aria-valuenow", Math.round(divider));
    knob.setAttribute("aria-valuetext", `${Math.round(divider)} percent before`);
    part("before-tag").hidden = divider < 15;
    part("after-tag").hidden = divider > 85;
  }
  const shares = (event) => {
    const box = frame.getBoundingClientRect();
    const within = (value) => Math.round(1e4 * Math.min(1, Math.max(0, value))) / 1e4;
    return { x: within((event.clientX - box.left) / box.width), y: within((event.clientY - box.top) / box.height) };
  };
  function draggable(element, moved) {
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault(); // no selecting of text; focus is given by hand, as Safari gives none
      element.focus();
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) moved(shares(event));
    });
  }
  draggable(knob, ({ x }) => divide(100 * x));
  knob.addEventListener("keydown", (event) => {
    const far = event.shiftKey ? 10 : 2;
    const to = { ArrowLeft: divider - far, ArrowDown: divider - far, ArrowRight: divider + far,
      ArrowUp: divider + far, PageDown: divider - 10, PageUp: divider + 10, Home: 0, End: 100 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    divide(to);
  });

  // --- hints -------------------------------------------------------------------------------------
  let chosen = -1, color = COLORS.sky;
  // Whether the focus went with a marker. An echo from Python that is older than the last hint takes
  // its marker away until the next echo, and then the new one must have the focus again.
  let lost = false;
  const hints = () => model.get("hints");
  const offer = () => model.get("models").find((m) => m.name === model.get("model"));
  const takesHints = () => Boolean(offer()?.hints);
  const change = (index, values) => ask({ hints: hints().map((h, k) => (k === index ? { ...h, ...values } : h)) });
  function choose(index) {
    chosen = index < hints().length ? index : -1;
    if (chosen >= 0) color = hints()[chosen].color;
    drawHints();
  }
  function add(place) {
    if (!takesHints() || frame.hidden) return;
    ask({ hints: [...hints(), { ...place, color }] });
    choose(hints().length - 1);
    marks.lastElementChild.focus();
    say(`Hint ${hints().length} added.`);
  }
  function remove(index) {
    if (index < 0) return;
    ask({ hints: hints().filter((_, k) => k !== index) });
    choose(Math.min(index, hints().length - 1));
    (marks.children[chosen] ?? root.querySelector('[data-do="add"]')).focus();
    say(`Hint ${index + 1} removed.`);
  }
  function recolor(value) {
    color = value;
    if (chosen >= 0) change(chosen, { color });
    drawHints();
  }
  function newMark(index) {
    const mark = document.createElement("button");
    mark.type = "button";
    draggable(mark, (place) => change(index, place));
    mark.addEventListener("focus", () => chosen !== index && choose(index));
    mark.addEventListener("keydown", (event) => {
      const far = event.shiftKey ? 0.05 : 0.01, { x, y } = hints()[index];
      const [dx, dy] = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key] ?? [];
      if (dx !== undefined) {
        const within = (value) => Math.round(1e4 * Math.min(1, Math.max(0, value))) / 1e4;
        change(index, { x: within(x + dx), y: within(y + dy) });
      } else if (event.key === "Delete" || event.key === "Backspace") remove(index);
      else if (event.key === "Escape") { knob.focus(); choose(-1); }
      else if (event.key === "Enter") part("color").focus();
      else return;
      event.preventDefault();
    });
    return mark;
  }
  function drawHints() {
    const able = takesHints(), list = able ? hints() : [];
    // A marker that is being dragged must stay the same element.
    for (let last; marks.children.length > list.length; last.remove()) {
      last = marks.lastElementChild;
      lost ||= last.matches(":focus");
    }
    while (marks.children.length < list.length) marks.append(newMark(marks.children.length));
    list.forEach((hint, k) => {
      const mark = marks.children[k];
      mark.style.cssText = `left: ${100 * hint.x}%; top: ${100 * hint.y}%; background: ${hint.color}`;
      mark.setAttribute("aria-label", `Hint ${k + 1}, color ${hint.color}, ` +
        `${Math.round(100 * hint.x)} percent from the left, ${Math.round(100 * hint.y)} from the top`);
      mark.setAttribute("aria-pressed", k === chosen);
    });
    if (lost && marks.children[chosen]) { lost = false; marks.children[chosen].focus(); }
    part("color").value = color;
    part("which").textContent = chosen >= 0 ? `Color of hint ${chosen + 1}` : "Color of the next hint";
    root.querySelector('[data-do="remove"]').disabled = chosen < 0;
    root.querySelector('[data-do="clear"]').disabled = !list.length;
    frame.classList.toggle("ck-able", able);
  }
  part("color").addEventListener("input", (event) => recolor(event.target.value));
  for (const [name, value] of Object.entries(COLORS)) {
    const swatch = document.createElement("button");
    Object.assign(swatch, { type: "button", title: name });
    swatch.setAttribute("aria-label", name);
    swatch.style.background = value;
    swatch.addEventListener("click", () => recolor(value));
    root.querySelector(".ck-swatches").append(swatch);
  }
  frame.addEventListener("click", (event) => {
    if (!event.target.closest(".ck-knob, .ck-hints button")) add(shares(event));
  });
  root.addEventListener("keydown", (event) => {
    const typing = event.target.closest("select, input:not([type=range])");
    if (event.key.toLowerCase() !== "h" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    add({ x: 0.5, y: 0.5 });
  });
  doing("add", () => add({ x: 0.5, y: 0.5 }));
  doing("remove", () => remove(chosen));
  doing("clear", () => { ask({ hints: [] }); choose(-1); say("All hints removed."); });

  // --- settings ----------------------------------------------------------------------------------
  const options = (select, names) => names.forEach(([value, text]) => select.append(new Option(text, value)));
  options(part("model"), model.get("models").map((m) => [m.name, m.name]));
  options(part("contrast"), Object.entries(model.get("contrasts")));
  part("limit").textContent = model.get("max_bytes") / 1e6;
  const sliders = model.get("sliders").map(({ name, label, sign, asks, ...range }) => {
    const row = document.createElement("label"), text = document.createElement("span");
    const number = document.createElement("span"), input = document.createElement("input");
    number.dataset.is = "number";
    number.setAttribute("aria-hidden", "true");
    Object.assign(input, { type: "range", ...range });
    text.append(`${label} `, number);
    row.append(text, input);
    part("after-sliders").before(row);
    input.addEventListener("input", () => ask({ [name]: Number(input.value) }));
    const show = () => {
      row.hidden = Boolean(asks) && !offer()?.[asks]; // not every model has what it sets
      const value = model.get(name).toFixed(2);
      input.value = model.get(name);
      number.textContent = `${sign} ${value}`;
      input.setAttribute("aria-valuetext", `${sign === "×" ? "times" : sign} ${value}`.trim());
    };
    return { name, show };
  });
  function showSettings() {
    for (const name of ["model", "contrast"]) part(name).value = model.get(name);
    part("negative").checked = model.get("negative");
    for (const slider of sliders) slider.show();
    part("about").textContent = offer()?.about ?? "";
    const able = takesHints(), other = model.get("models").find((m) => m.hints)?.name;
    part("hinting").hidden = !able;
    part("unhinted").hidden = able;
    part("unhinted").firstElementChild.textContent =
      `The model ${model.get("model")} takes no color hints${other ? "." : "; nor does any other here."}`;
    const button = root.querySelector('[data-do="hinted"]');
    button.hidden = !other;
    button.textContent = `Use ${other}`;
    button.value = other;
    drawHints();
  }
  part("negative").addEventListener("change", (e) => ask({ negative: e.target.checked }));
  doing("hinted", (event) => ask({ model: event.target.value }));
  for (const name of ["model", "contrast"]) part(name).addEventListener("change", (e) => ask({ [name]: e.target.value }));

  // --- files in and out --------------------------------------------------------------------------
  let incoming = null, outgoing = null; // { name, bytes, pieces } from Python; the File on its way to it
  let sent = 0; // which file is on its way, for one may be dropped while another still travels
  function send(file) {
    if (!file) return;
    outgoing = file;
    complain("");
    since = null;
    say(`Sending ${file.name} …`);
    Object.assign(progress, { value: 0, hidden: false });
    sent += 1;
    model.send({ kind: "begin", file: sent, name: file.name, bytes: file.size });
  }
  const answers = {
    async next({ file, start }) {
      if (!outgoing || file !== sent) return;
      progress.value = start / outgoing.size;
      since = performance.now();
      try {
        const piece = await outgoing.slice(start, start + PIECE).arrayBuffer();
        model.send({ kind: "piece", file }, {}, [piece]);
      } catch {
        complain("The file cannot be read; if it is a folder, choose a photograph in it.");
      }
      if (start + PIECE >= outgoing.size) say("Colorizing …");
    },
    alive() {
      clearTimeout(waiting);
      if (alert.firstElementChild.textContent === STOPPED) complain("");
    },
    result({ name, bytes }) {
      incoming = { name, bytes, pieces: [] };
      Object.assign(progress, { value: 0, hidden: false });
      model.send({ kind: "fetch", start: 0 });
    },
    piece({ start }, [piece]) {
      incoming.pieces.push(piece);
      const got = start + piece.byteLength;
      progress.value = got / incoming.bytes;
      if (got < incoming.bytes) { model.send({ kind: "fetch", start: got }); return; }
      progress.hidden = true;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(incoming.pieces));
      link.download = incoming.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      say(`Downloaded ${incoming.name}.`);
      incoming = null;
    },
  };
  doing("choose", () => chooser.click());
  chooser.addEventListener("change", () => { send(chooser.files[0]); chooser.value = ""; });
  doing("download", () => {
    complain("");
    say("Colorizing at full size …");
    model.send({ kind: "download" });
  });
  root.addEventListener("dragover", (event) => { event.preventDefault(); root.classList.add("ck-over"); });
  root.addEventListener("dragleave", (event) => root.contains(event.relatedTarget) || root.classList.remove("ck-over"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("ck-over");
    send(event.dataTransfer.files[0]);
  });

  // JupyterLab would take the arrow keys and letters of whatever has the focus here.
  root.addEventListener("focusin", (event) => { event.target.dataset.lmSuppressShortcuts = "true"; });

  // --- what Python says --------------------------------------------------------------------------
  const listened = [];
  const on = (name, act) => { model.on(name, act); listened.push([name, act]); };
  on("msg:custom", (content, buffers) => answers[content.kind]?.(content, buffers ?? []));
  on("change:photo", () => { outgoing = null; progress.hidden = true; chosen = -1; showPhoto(); });
  on("change:painted", async () => {
    await show("before"); // another one when a negative becomes a positive
    await show("after");
    answered();
  });
  on("change:fault", () => {
    if (!model.get("fault")) return;
    since = outgoing = null;
    root.removeAttribute("aria-busy");
    complain(model.get("fault"));
  });
  on("change:hints", () => choose(chosen));
  for (const name of ["model", "contrast", "negative", ...sliders.map((each) => each.name)]) on(`change:${name}`, showSettings);
  let waiting;
  on("comm_live_update", () => { // lost, or found again after a pause of the network
    clearTimeout(waiting);
    waiting = setTimeout(() => complain(STOPPED), 3000);
    model.send({ kind: "alive" });
  });

  divide(50);
  showSettings();
  showPhoto();
  if (model.get("after").byteLength) show("after");
  complain(model.get("fault"));
  model.send({ kind: "ready" });
  return () => listened.forEach(([name, act]) => model.off(name, act));
}

export default { render };
