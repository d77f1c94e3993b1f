(() => {
  const charts = [];
  document.querySelectorAll("script[data-chart]").forEach((source) => {
    const place = document.getElementById(source.dataset.chart);
    const figure = JSON.parse(source.textContent);
    Plotly.newPlot(place, figure.data, figure.layout, {
      displaylogo: false,
      displayModeBar: false,
      responsive: true,
    });
    charts.push(place);
  });
  // paper is narrower than the screen, and a chart is as wide as it was drawn
  const draw = (width) => charts.forEach((place) => Plotly.relayout(place, { width }));
  window.addEventListener("beforeprint", () => draw(680));
  window.addEventListener("afterprint", () => draw(null));
})();
