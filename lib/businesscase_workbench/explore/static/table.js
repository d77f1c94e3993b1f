function render({ model, el }) {
  const table = document.createElement("div");
  table.className = "bc-scroll";
  table.tabIndex = 0;
  table.setAttribute("role", "region");
  el.classList.add("bc-table");
  // else JupyterLab takes the keys for its own commands
  el.dataset.lmSuppressShortcuts = "true";
  el.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(table, downloadButton(model, "Save this table as CSV"));
  const draw = () => {
    table.innerHTML = model.get("html"); // written by the library, with every value escaped
    table.setAttribute("aria-label", table.querySelector("caption, p")?.textContent ?? "Table");
  };
  model.on("change:html", draw);
  draw();
}

export default { render };
