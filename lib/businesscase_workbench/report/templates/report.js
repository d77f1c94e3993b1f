(() => {
  const charts = [];
  document.querySelectorAll("script[data-chart]").forEach((source) => {
    const place = document.getElementById(source.dataset.chart);
    // without this script the table of its numbers stands in the chart's place
    place.parentElement.hidden = false;
    place.closest("figure").querySelector("details").open = false;
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
  // a box is a stop for keys only while there is something to scroll
  const sized = new ResizeObserver((boxes) => boxes.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));
  document.querySelectorAll(".scroll").forEach((box) => sized.observe(box));
  // on paper nothing can be unfolded
  let folded = [];
  const unfold = () => {
    folded = [...document.querySelectorAll("main details:not([open])")];
    folded.forEach((part) => { part.open = true; });
  };
  window.addEventListener("beforeprint", () => { unfold(); draw(960); });
  window.addEventListener("afterprint", () => {
    folded.forEach((part) => { part.open = false; });
    draw(null);
  });
  // a link to what is folded away opens it
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const part = target?.closest("details");
    if (part) { part.open = true; target.scrollIntoView(); }
  };
  window.addEventListener("hashchange", open);
  open();
})();
