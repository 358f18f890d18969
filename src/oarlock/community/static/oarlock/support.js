// Drafts: what is written is saved to the server while writing, and kept on this device only as
// long as the server does not have it. Without this script the button "Save as a draft" does it.
(() => {
  "use strict";
  const WEEK = 7 * 24 * 3600 * 1000;
  const name = (owner, place) => `oarlock-draft:${owner}:${place}`;
  const shelf = {
    read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    keep(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* no storage, nothing kept */ } },
    // Other people's words on a shared device, and old ones, go.
    tidy(owner) {
      try {
        for (const key of Object.keys(localStorage)) {
          if (!key.startsWith("oarlock-draft:")) continue;
          const kept = shelf.read(key);
          if (!key.startsWith(`oarlock-draft:${owner}:`) || !kept || Date.now() - kept.at > WEEK) localStorage.removeItem(key);
        }
      } catch { /* no storage */ }
    },
  };

  const sent = document.querySelector("[data-draft-sent]");
  if (sent) shelf.drop(name(sent.dataset.owner, sent.dataset.draftSent));
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const { owner, place, save: url } = form.dataset;
  const key = name(owner, place);
  const status = form.querySelector("[data-draft-status]");
  const say = (what) => { if (status.textContent !== status.dataset[what]) status.textContent = status.dataset[what]; };
  let base = form.dataset.saved || "";
  let timer = 0, saving = false, dirty = false, leaving = false;
  shelf.tidy(owner);

  const values = () => {
    const out = {};
    for (const [field, value] of new FormData(form)) {
      if (field === "csrfmiddlewaretoken" || field === "place") continue;
      (out[field] ||= []).push(value);
    }
    return out;
  };
  const fill = (fields) => {
    for (const element of form.elements) {
      if (!element.name || ["csrfmiddlewaretoken", "place", "to"].includes(element.name) || element.type === "submit") continue;
      const given = fields[element.name] || [];
      if (element.type === "checkbox" || element.type === "radio") element.checked = given.includes(element.value);
      else if (given.length || element.name !== "key") element.value = given[0] ?? "";
    }
    form.elements.body.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const words = (fields) => `${(fields.title || [""])[0]}\n${(fields.body || [""])[0]}`.trim();

  async function save(last) {
    clearTimeout(timer);
    if (!dirty || (saving && !last)) return;
    const before = JSON.stringify(values());
    const body = new FormData(form);
    if (last) {
      // A page that goes away cannot wait for an answer: the copy on this device stays until the next visit.
      try { fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, keepalive: true }); } catch { /* too long for it */ }
      return;
    }
    saving = true;
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
      const told = (answer.headers.get("Content-Type") || "").startsWith("application/json") ? await answer.json() : null;
      if (told && told.state === "refused") { say("refusedWords"); return; }
      if (!answer.ok || !told) throw new Error("not saved");
      if (told.state === "sent") { shelf.drop(key); dirty = false; say("sentWords"); return; }
      base = told.saved_at;
      if (JSON.stringify(values()) === before) {
        dirty = false;
        shelf.drop(key);
        if (told.state === "saved") say("savedWords");
      } else later(1500);
    } catch {
      say("localWords");
      later(15000);
    } finally { saving = false; }
  }
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(() => save(false), wait); };
  const changed = () => {
    if (leaving) return;
    dirty = true;
    shelf.keep(key, { fields: values(), base, at: Date.now() });
    later(1500);
  };

  const kept = shelf.read(key);
  if (kept && kept.fields && !("refused" in form.dataset)) {
    const here = words(values()), there = words(kept.fields);
    if (!there || here === there) shelf.drop(key);
    else if (!here || kept.base === base) { fill(kept.fields); say("backWords"); dirty = true; later(500); }
    else {
      const other = form.querySelector("[data-draft-other]");
      other.hidden = false;
      other.querySelector("button").addEventListener("click", () => { fill(kept.fields); other.hidden = true; changed(); form.elements.body.focus(); });
    }
  }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); });
  window.addEventListener("online", () => save(false));
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("pagehide", () => { if (!leaving) save(true); });
})();
