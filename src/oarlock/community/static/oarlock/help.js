// Keeps the help page on the device. Without it, the page works as before, with a connection.
(() => {
  "use strict";
  const own = document.currentScript;
  if (!("serviceWorker" in navigator) || !own) return;
  window.addEventListener("load", () => {
    navigator.serviceWorker.register(own.dataset.worker, { scope: "/help" }).catch(() => undefined);
  });
})();
