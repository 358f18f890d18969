// Holds an answer while the connection is away, in this page alone: nothing of it is stored on the
// device. Without it the form works as any other.
(() => {
  "use strict";
  const form = document.querySelector("form[data-keep]");
  if (!form || !window.fetch) return;
  const lost = form.querySelector("[data-lost]");
  let waiting = null;
  let busy = false;
  let timer = 0;
  const send = async () => {
    if (!waiting || busy) return;
    busy = true;
    try {
      const answer = await fetch(form.action || window.location.href, {
        method: "POST", body: waiting, credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
      if ((answer.headers.get("Content-Type") || "").startsWith("application/json") && answer.ok) {
        const { next } = await answer.json();
        waiting = null;
        clearInterval(timer);
        window.location.assign(next);
        return;
      }
      // Refused, signed out or slowed down: the page itself says so.
      waiting = null;
      clearInterval(timer);
      form.submit();
    } catch {
      lost.textContent = form.dataset.lostWords;
      lost.hidden = false;
      clearInterval(timer);
      timer = setInterval(send, 5000);
    } finally {
      busy = false;
    }
  };
  form.addEventListener("submit", (event) => {
    const skips = event.submitter && event.submitter.name === "skip";
    if (!skips && !form.querySelector("input[name=answer]:checked")) return; // The server says why.
    event.preventDefault();
    waiting = new FormData(form);
    if (skips) {
      waiting.set("skip", "yes");
      // For the plain way, which does not know the button.
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "skip", value: "yes" });
      form.append(field);
    }
    send();
  });
  window.addEventListener("online", send);
})();
