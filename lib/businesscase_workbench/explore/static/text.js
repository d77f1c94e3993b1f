function render({ model, el }) {
  const place = document.createElement("div");
  if (model.get("live")) place.setAttribute("role", "status");
  el.append(place);
  const draw = () => { place.innerHTML = model.get("html"); }; // rendered with raw HTML escaped
  model.on("change:html", draw);
  draw();
}

export default { render };
