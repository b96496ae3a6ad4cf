// The village page: draws what the event stream tells, and sends presses and switches.
"use strict";
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const TOKEN = document.body.dataset.token;
const LOG_MAX = 80;
const RINGS_MAX = 40;
const STATES = {
  pressed: ["menghitung ketukan", "Lampu menyala: teruskan ketukan."],
  blank: ["papan kosong", "Belum menjadi alat: kentongan-tool provision."],
  off: ["siap", "Lampu padam. Tekan tombol bila ada bahaya."],
  sending: ["mengirim…", "Mencari pos yang mendengar."],
  sounding: ["sirene berbunyi", "Kentongan pos sudah berbunyi."],
  stored: ["pos menerima", "Alarm sudah tercatat di pos."],
  coming: ["ada yang datang", "Seorang warga sedang menuju ke sini."],
  closed: ["selesai", "Kejadian sudah ditutup."],
  cancelled: ["dibatalkan", "Alarm dibatalkan dari tombol ini."],
  nobody: ["tidak ada yang mendengar", "Belum ada yang menjawab. Cari pertolongan lain."],
};
const CHIMES = {
  off: ["siap", "Berbunyi bila warga ini dipanggil."],
  page: ["dipanggil", "Ada alarm. Tekan bila akan datang."],
  page_quiet: ["dipanggil diam-diam", "Ada alarm rahasia. Tekan bila akan datang."],
  answering: ["saya datang…", "Jawaban sedang dikirim."],
  answered: ["saya datang", "Jawaban sudah diterima pos."],
};
const PATTERN_WORDS = { titir: "titir: bahaya", maling: "2 ketukan: maling", kebakaran: "3 ketukan: kebakaran", bencana: "4 ketukan: bencana", medis: "sakit mendadak", selesai: "nada selesai" };
const homes = {};
document.querySelectorAll(".node").forEach((g) => {
  const spot = g.transform.baseVal.consolidate().matrix;
  homes[g.dataset.label] = { g, x: spot.e, y: spot.f, state: "off" };
});

function say(label, text) { homes[label].g.querySelector(".said").textContent = text; }

// Under a house stands what its box shows; a sounding siren and a part without power have words of their own.
function caption(label) {
  const home = homes[label], list = home.g.classList;
  if (list.contains("down") || (list.contains("sounding") && !list.contains("chime"))) return;
  const words = (list.contains("chime") ? CHIMES : STATES)[home.state];
  say(label, home.state === "off" || !words ? "" : words[0]);
}

function show(label, state) {
  const home = homes[label];
  if (!home) return;
  home.state = state;
  home.g.dataset.state = state;
  caption(label);
  if (box.label === label) box.lamp();
}

function listen(label, sound, elapsedMs) {
  const home = homes[label];
  if (!home) return;
  const chime = home.g.classList.contains("chime");
  home.g.classList.toggle("sounding", !!sound);
  if (sound) {
    if (!chime) say(label, "berbunyi · " + (PATTERN_WORDS[sound.pattern] || sound.pattern));
    Drum.play(label, sound.steps, elapsedMs || 0, sound.total_ms, Math.max(-0.7, Math.min(0.7, (home.x - 600) / 600)), chime ? 1.9 : home.x < 600 ? 1 : home.x > 600 ? 1.12 : 0.86);
    clearTimeout(home.ends);
    home.ends = setTimeout(() => listen(label, null), Math.max(0, sound.total_ms - (elapsedMs || 0)));
  } else {
    clearTimeout(home.ends);
    Drum.stop(label);
    caption(label);
  }
}
Drum.onStroke((label) => {
  const drum = homes[label] && homes[label].g.querySelector(".swing");
  if (!drum) return;
  drum.classList.remove("hit-now");
  void drum.getBoundingClientRect();
  drum.classList.add("hit-now");
});

// ---- frames in the air -------------------------------------------------------------------------------
function shape(parent, name, attributes, life) {
  const element = document.createElementNS(SVG, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  parent.append(element);
  while (parent.childElementCount > RINGS_MAX) parent.firstChild.remove();
  setTimeout(() => element.remove(), life);
  return element;
}

function frame(event) {
  const home = homes[event.from];
  if (!home || document.hidden) return;
  const life = 900 + event.ms;
  const ring = shape($("rings"), "circle", { cx: home.x, cy: home.y, r: 12, class: event.kind + (event.relay ? " relay" : "") }, life);
  ring.animate([{ r: "14px", opacity: 1, strokeWidth: "6px" }, { r: event.relay ? "190px" : "280px", opacity: 0, strokeWidth: "1px" }], { duration: life, easing: "ease-out", fill: "forwards" });
}

function heard(event) {
  const from = homes[event.from], to = homes[event.at];
  if (!from || !to || document.hidden) return;
  if (event.ok) {
    shape($("beams"), "line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: event.kind }, 1000);
  } else {
    shape($("rings"), "path", { d: `M${to.x - 9} ${to.y - 9}l18 18m0-18l-18 18`, class: "crash" }, 1100);
  }
}

// ---- log, parts, snapshot -----------------------------------------------------------------------------
function log(entry) {
  const line = document.createElement("li"), time = document.createElement("time");
  line.className = entry.tone;
  time.textContent = entry.time;
  line.append(time, entry.text);
  $("log").prepend(line);
  while ($("log").childElementCount > LOG_MAX) $("log").lastChild.remove();
}

function part(name, up) {
  const button = document.querySelector(`[role=switch][data-part="${name}"]`);
  if (button) { button.setAttribute("aria-checked", up); button.removeAttribute("aria-busy"); }
  const plug = document.querySelector(`.plug[data-part="${name}"]`);
  if (plug) plug.classList.toggle("down", !up);
  if (homes[name]) {
    homes[name].g.classList.toggle("down", !up);
    if (!up) listen(name, null);
    say(name, up ? "" : "mati");
  }
}

function snapshot(event) {
  $("log").replaceChildren();
  event.log.forEach(log);
  for (const name in event.parts) part(name, event.parts[name]);
  for (const label in homes) { show(label, event.states[label] || "off"); if (!event.sounds[label] && homes[label].g.matches(".sounding")) listen(label, null); }
  for (const label in event.sounds) listen(label, event.sounds[label], event.sounds[label].elapsed_ms);
}

const HANDLERS = {
  snapshot, tx: frame, rx: heard, log, show: (e) => show(e.at, e.state), sound: (e) => listen(e.at, e),
  quiet: (e) => listen(e.at, null), part: (e) => part(e.name, e.up),
};
let source = null;
function connect() {
  if (source) source.close();
  source = new EventSource("/events");
  source.onmessage = (message) => { const event = JSON.parse(message.data); HANDLERS[event.t](event); toast(""); };
  source.onerror = () => toast("Kampung tidak menjawab. Menyambung lagi…");
}

function toast(text) { $("toast").textContent = text; $("toast").hidden = !text; }
async function send(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Village": TOKEN }, body: JSON.stringify(body) });
    if (!answer.ok) toast((await answer.json()).message);
    return answer.ok;
  } catch { toast("Kampung tidak menjawab."); return false; }
}

// ---- the box on the wall ------------------------------------------------------------------------------
const box = {
  label: null, element: $("box"),
  open(label) {
    this.close();
    const home = homes[label];
    this.label = label;
    home.g.classList.add("open");
    $("box-name").textContent = home.g.dataset.name;
    this.element.querySelector(".device").textContent = label;
    const once = "onePress" in home.g.dataset;
    const chime = home.g.classList.contains("chime");
    this.element.querySelector(".strokes").hidden = once || chime;
    this.element.querySelector(".once").hidden = !once;
    this.element.querySelector(".keys").hidden = chime;
    $("come").hidden = !chime;
    this.element.querySelector(".table").hidden = label !== document.body.dataset.table;
    this.lamp();
    this.element.hidden = false;
    const at = home.g.getBoundingClientRect(), size = this.element.getBoundingClientRect();
    const left = at.right + 12 + size.width < innerWidth ? at.right + 12 : at.left - size.width - 12;
    this.element.style.left = Math.max(8, left) + "px";
    this.element.style.top = Math.min(Math.max(8, at.top - 120), Math.max(8, innerHeight - size.height - 8)) + "px";
    $(chime ? "come" : "press").focus({ preventScroll: true });
  },
  lamp() {
    const lamp = this.element.querySelector(".lamp"), home = homes[this.label], state = home.state;
    const words = (home.g.classList.contains("chime") ? CHIMES : STATES)[state] || [state, ""];
    lamp.dataset.state = state;
    lamp.querySelector("b").textContent = words[0];
    lamp.querySelector("span").textContent = words[1];
  },
  close() {
    if (this.label) homes[this.label].g.classList.remove("open");
    this.label = null;
    this.element.hidden = true;
  },
};
function press(how) {
  const button = $(how === "silent" || how === "come" ? how : "press");
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 200);
  send("/press", { label: box.label, how });
}
$("press").addEventListener("click", () => press("onePress" in homes[box.label].g.dataset ? 1 : Number(document.querySelector("[name=strokes]:checked").value)));
$("cancel").addEventListener("click", () => press("cancel"));
$("come").addEventListener("click", () => press("come"));
$("reset").addEventListener("click", () => send("/reset", {}));
$("silent").addEventListener("click", () => press("silent"));
box.element.querySelector(".close").addEventListener("click", () => box.close());
document.addEventListener("keydown", (event) => { if (event.key === "Escape") box.close(); });
document.querySelectorAll(".house, .chime").forEach((g) => {
  g.addEventListener("click", () => box.open(g.dataset.label));
  g.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); box.open(g.dataset.label); } });
});
document.querySelectorAll("[role=switch]").forEach((button) => button.addEventListener("click", () => {
  button.setAttribute("aria-busy", "true");
  send("/switch", { part: button.dataset.part, up: button.getAttribute("aria-checked") !== "true" }).then((ok) => { if (!ok) button.removeAttribute("aria-busy"); });
}));
$("sound").addEventListener("click", () => {
  const on = $("sound").getAttribute("aria-pressed") !== "true";
  if (on) Drum.start(); else Drum.off();
  $("sound").setAttribute("aria-pressed", on);
  $("sound").querySelector("span").textContent = on ? "Suara aktif" : "Aktifkan suara";
});
document.addEventListener("visibilitychange", () => { if (document.hidden) { source.close(); } else { connect(); } });
connect();
