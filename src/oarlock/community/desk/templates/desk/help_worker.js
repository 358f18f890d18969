// Keeps the help page and its looks for when there is no connection. Nothing else is kept.
"use strict";
const KEPT = "help-1";
const PAGE = "{{ page|escapejs }}";
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

// The page is fetched without cookies: what is kept shows nobody's name.
const plain = (url) => new Request(url, { credentials: "omit", cache: "reload" });

const keep = async () => {
  const cache = await caches.open(KEPT);
  await Promise.all(FILES.map((file) => cache.add(plain(file))));
  const page = await fetch(plain(PAGE));
  if (page.ok) await cache.put("/help", page);
};

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name.startsWith("help-") && name !== KEPT).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === "/help" && event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).then(
      (page) => { if (page.ok) event.waitUntil(keep().catch(() => undefined)); return page; },
      () => caches.match("/help"),
    ));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(fetch(event.request).catch(() => caches.match(url.pathname)));
  }
});
