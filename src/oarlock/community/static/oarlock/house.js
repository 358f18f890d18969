// Quick exit: one press, or Escape twice, and this page is out of sight and out of the history.
(() => {
  "use strict";
  const link = document.querySelector("[data-quick-exit]");
  if (!link) return;
  const leave = () => {
    document.body.hidden = true;
    document.title = " ";
    window.location.replace(link.href);
  };
  link.addEventListener("click", (event) => { event.preventDefault(); leave(); });
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const now = Date.now();
    if (now - last < 800) leave();
    last = now;
  });
})();
