// A button that asks the library for CSV and saves what comes back.
function downloadButton(model, words) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "bc-download";
  button.textContent = words;
  button.addEventListener("click", () => model.send("csv"));
  model.on("msg:custom", ({ csv }) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv" }));
    link.download = "table.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  return button;
}

