// plotly.js from the widget's own data, under a name that other copies on the page do not touch
async function initialize({ model }) {
  if (window.businesscasePlotly) return;
  window.businesscasePlotly = new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const url = URL.createObjectURL(new Blob([model.get("source")], { type: "text/javascript" }));
    const { define, Plotly } = window;
    window.define = undefined; // else plotly.js registers with require.js and sets no global
    script.src = url;
    script.onload = () => {
      const library = window.Plotly;
      Object.assign(window, { define, Plotly });
      URL.revokeObjectURL(url);
      resolve(library);
    };
    script.onerror = reject;
    document.head.append(script);
  });
}

export default { initialize };
