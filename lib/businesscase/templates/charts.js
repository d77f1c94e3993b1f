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
  // a chart is as wide as it was drawn, and paper is narrower; the style sheet shrinks it to fit
  const draw = (width) => charts.forEach((place) => Plotly.relayout(place, { width }));
  window.addEventListener("beforeprint", () => draw(960));
  window.addEventListener("afterprint", () => draw(null));
})();
