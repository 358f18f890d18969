// The coach listens while somebody writes: a pause of half a second, then one question to the server.
// Without this file the button "Check my draft" does the same on a page of its own.
(() => {
  "use strict";
  const PAUSE = 500;
  for (const box of document.querySelectorAll("[data-coach]")) {
    const form = box.closest("form");
    const area = form && form.querySelector("textarea[name=body]");
    const answer = box.querySelector("[data-coach-answer]");
    if (!area || !answer) continue;
    box.querySelector("[data-check]").hidden = true;
    let timer = 0;
    let asked = "";
    let running = null;

    const ask = async (url, extra) => {
      const data = new FormData();
      for (const name of ["csrfmiddlewaretoken", "place", "body"]) {
        const field = form.elements.namedItem(name);
        if (field) data.set(name, field.value);
      }
      for (const [name, value] of Object.entries(extra || {})) data.set(name, value);
      if (running) running.abort();
      running = new AbortController();
      try {
        const response = await fetch(url, {
          method: "POST", body: data, credentials: "same-origin", signal: running.signal,
          headers: { Accept: "text/fragment" },
        });
        // A coach that is away must not be in the way.
        if (response.ok) answer.innerHTML = await response.text();
      } catch (error) { /* offline, or overtaken by a newer question */ }
    };

    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const text = area.value.trim();
        if (text === asked) return;
        asked = text;
        if (text) ask(box.dataset.coach); else answer.replaceChildren();
      }, PAUSE);
    });
    answer.addEventListener("click", (event) => {
      const button = event.target.closest("[data-dismiss]");
      if (!button) return;
      event.preventDefault();
      ask(box.dataset.dismissUrl, { suggestion: button.value });
      area.focus();
    });
  }
})();
