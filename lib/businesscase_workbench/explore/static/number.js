const NUMBER = /^([-−–+]?)\s*(£?)\s*(\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(\.\d+)?\s*(%?)\s*([a-z]*)$/i;

function element(name, attributes) {
  return Object.assign(document.createElement(name), attributes);
}

function isShare(unit) {
  return unit.startsWith("fraction");
}

// a value as the box shows it, in the unit that is read back: 0.035 as 3.5%
function written(value, unit) {
  const number = isShare(unit) ? 100 * value : value;
  const rounded = String(Number(Math.abs(number).toFixed(6))); // without the noise of binary fractions
  const sign = number < 0 && rounded !== "0" ? "-" : "";
  if (isShare(unit)) return `${sign}${rounded}%`;
  return unit === "£" ? `${sign}£${rounded.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}` : sign + rounded;
}

function inWords(value, unit) {
  const after = unit === "£" ? "" : unit.replace("fraction", "");
  return `${written(value, unit)} ${after.trim()}`.trim();
}

// What was typed as the library counts it, undefined if it is no number in this unit.
function read(text, unit) {
  const found = NUMBER.exec(text.trim());
  if (!found) return undefined;
  const [, sign, pound, whole, part = "", percent, word] = found;
  const words = unit.toLowerCase().split(" ");
  const isOther = word && !words.some((one) => [one, one.replace(/s$/, "")].includes(word.toLowerCase()));
  if (isOther || (pound && unit !== "£") || (isShare(unit) ? word : percent)) return undefined;
  const digits = whole.replaceAll(",", "") + part;
  const number = Number(isShare(unit) ? `${digits}e-2` : digits);
  return sign && sign !== "+" ? -number : number;
}

function render({ model, el }) {
  const id = `bc-${Math.random().toString(36).slice(2)}`; // each control has this module to itself
  const label = element("label", { htmlFor: id, textContent: model.get("label") });
  const unit = element("span", { className: "bc-unit", ariaHidden: "true" });
  const refusal = element("p", { className: "bc-refusal", id: `${id}-refusal` });
  refusal.setAttribute("role", "alert");
  const range = element("input", { type: "range", id });
  const box = element("input", {
    type: "text", autocomplete: "off", ariaLabel: `${model.get("label")}, number`,
  });
  box.setAttribute("aria-describedby", refusal.id);
  range.step = model.get("step");

  const said = (value) => inWords(value, model.get("unit"));
  const bounds = () => {
    range.min = model.get("lowest");
    range.max = model.get("highest");
  };
  const show = () => {
    const value = model.get("value");
    range.value = value;
    range.ariaValueText = unit.textContent = said(value);
    if (!model.get("refused")) box.value = written(value, model.get("unit"));
    el.classList.toggle("bc-changed", Math.abs(value - model.get("start")) > 1e-9);
  };
  const refuse = () => {
    refusal.textContent = model.get("refused");
    box.ariaInvalid = String(Boolean(model.get("refused")));
    show();
  };
  const take = (value) => {
    model.set("refused", "");
    model.set("value", value);
    model.save_changes();
    refuse();
  };
  const type = () => {
    const [lowest, highest] = [model.get("lowest"), model.get("highest")];
    const value = read(box.value, model.get("unit"));
    const isNumber = value !== undefined && (!model.get("whole") || Number.isInteger(value));
    if (isNumber && value > lowest - 1e-9 && value < highest + 1e-9) {
      take(Math.min(Math.max(value, lowest), highest));
      return;
    }
    const found = box.value.trim() ? `“${box.value.trim()}”` : "a blank";
    const kind = model.get("whole") ? "a whole number" : "a number";
    const range = `${written(lowest, model.get("unit"))} to ${said(highest)}`;
    model.set("refused", `${found} is not possible: type ${kind} from ${range}`);
    model.save_changes();
    refuse();
  };

  range.addEventListener("input", () => take(range.valueAsNumber));
  box.addEventListener("change", type);
  model.on("change:value change:start", show);
  model.on("change:lowest change:highest", () => { bounds(); show(); });
  model.on("change:refused", refuse);

  el.classList.add("bc-number");
  // else JupyterLab takes the keys for its own commands
  el.dataset.lmSuppressShortcuts = "true";
  el.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(label, range, box, unit, refusal);
  bounds();
  refuse();
}

export default { render };
