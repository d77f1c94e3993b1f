function element(name, attributes) {
  return Object.assign(document.createElement(name), attributes);
}

function inWords(value, unit) {
  const number = Number(value.toFixed(4));
  if (!unit.startsWith("fraction")) return `${number} ${unit}`;
  return `${Number((100 * value).toFixed(2))}%${unit.replace("fraction", "")}`;
}

function render({ model, el }) {
  const id = `bc-${Math.random().toString(36).slice(2)}`; // each control has this module to itself
  const label = element("label", { htmlFor: id, textContent: model.get("label") });
  const unit = element("span", { className: "bc-unit", ariaHidden: "true" });
  const range = element("input", { type: "range", id });
  const box = element("input", { type: "number", ariaLabel: `${model.get("label")}, number` });
  const digits = (String(model.get("step")).split(".")[1] || "").length;

  for (const input of [range, box]) {
    input.min = model.get("lowest");
    input.max = model.get("highest");
    input.step = input === range ? model.get("step") : "any";
  }

  const show = () => {
    const value = model.get("value");
    range.value = value;
    const said = inWords(value, model.get("unit"));
    range.ariaValueText = said;
    unit.textContent = said;
    if (document.activeElement !== box) box.value = Number(value.toFixed(digits + 2));
    el.classList.toggle("bc-changed", Math.abs(value - model.get("start")) > 1e-9);
  };
  const change = (value) => {
    if (Number.isNaN(value)) return;
    const within = Math.min(Math.max(value, model.get("lowest")), model.get("highest"));
    model.set("value", within);
    model.save_changes();
  };

  range.addEventListener("input", () => change(range.valueAsNumber));
  box.addEventListener("change", () => { change(box.valueAsNumber); box.value = model.get("value"); });
  model.on("change:value", show);

  el.classList.add("bc-number");
  // else JupyterLab takes the keys for its own commands
  el.dataset.lmSuppressShortcuts = "true";
  el.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(label, range, box, unit);
  show();
}

export default { render };
