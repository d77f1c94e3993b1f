// Asks the program that computes the figures whether it is there, and greys them when it isn't.
const EVERY = 1000, PATIENCE = 5000; // milliseconds

function render({ model, el }) {
  const notice = document.createElement("p");
  notice.setAttribute("role", "alert");
  el.classList.add("bc-notice", "bc-connection");
  el.append(notice);
  let asked = 0; // when the oldest question without an answer was put, 0 if there is none

  const show = (isGone) => {
    if (isGone === Boolean(notice.textContent)) return;
    notice.textContent = isGone
      ? "Not connected: the greyed figures no longer follow the controls. Reload the page."
      : "";
    el.closest(".bc-explorer")?.classList.toggle("bc-unconnected", isGone);
  };
  const ask = () => {
    asked ||= Date.now();
    try {
      model.send("there?");
    } catch {
      show(true);
    }
  };
  model.on("msg:custom", () => {
    asked = 0;
    show(false);
  });
  const timer = setInterval(() => {
    if (asked && Date.now() - asked > PATIENCE) show(true);
    ask();
  }, EVERY);
  return () => clearInterval(timer);
}

export default { render };
