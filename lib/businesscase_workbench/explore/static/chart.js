async function library() {
  while (!window.businesscasePlotly) await new Promise((next) => setTimeout(next, 20));
  return window.businesscasePlotly;
}

async function render({ model, el }) {
  const heading = document.createElement("p");
  heading.className = "bc-chart-title";
  const place = document.createElement("div");
  place.className = "bc-drawing";
  el.classList.add("bc-chart");
  el.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the button's keys
  el.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(heading, place, downloadButton(model, "Save this chart's numbers as CSV"));
  const Plotly = await library();
  const draw = () => {
    const figure = model.get("figure");
    if (!figure.data) return;
    heading.textContent = model.get("title");
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `${model.get("title")}. ${model.get("description")}`);
    // the title stands above as text, so its room in the drawing is given back
    const lines = (figure.layout.title?.text ?? "").split("<br>").length;
    const margin = { ...figure.layout.margin, t: Math.max(figure.layout.margin.t - 22 * lines - 25, 15) };
    const height = figure.layout.height - (figure.layout.margin.t - margin.t);
    place.style.minHeight = `${height}px`;
    const layout = { ...figure.layout, title: undefined, autosize: true, margin, height };
    Plotly.react(place, figure.data, layout, { displayModeBar: false, responsive: true });
  };
  model.on("change:figure", draw);
  draw();
}

export default { render };
