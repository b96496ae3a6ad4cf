"use strict";
/* The service worker of a phone: where the hub cannot be reached, it says so in a page of its own.

   It keeps no page and no news of the hub: an alarm, or calm, out of a cache is a lie. What it keeps are four
   files that say nothing of any RT. Every page is asked of the hub, and shown as the hub answers it. */

const KEPT = "kentongan-" + new URL(location.href).searchParams.get("v");
const PAGE = "/static/unreached.html";
const FILES = [PAGE, "/static/hub.css", "/static/hub.js", "/static/kentongan.svg"];  // these addresses, without ?v=

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const {method, mode, url} = event.request;
  const at = new URL(url);
  if (method !== "GET" || at.origin !== location.origin) return;
  if (mode === "navigate") event.respondWith(page(event));
  else if (FILES.includes(at.pathname) && !at.search) event.respondWith(file(event.request));
});

async function keep() {
  const kept = await caches.open(KEPT);
  await kept.addAll(FILES.map((path) => new Request(path, {cache: "reload"})));
}

async function begin() {
  for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
  /* the hub is asked while this script still wakes: it costs no page any time */
  if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
  await self.clients.claim();
}

async function page(event) {
  try {
    return await event.preloadResponse || await fetch(event.request);
  } catch (error) {
    return await caches.match(PAGE) || Response.error();
  }
}

async function file(request) {
  try {
    return await fetch(request);
  } catch (error) {
    return await caches.match(request) || Response.error();
  }
}
