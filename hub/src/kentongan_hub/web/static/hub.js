"use strict";
/* The board's life: one stream, a poll when it fails, TERPUTUS when both do. Every page works without this file. */

const SILENT_MS = 15000;      // three missed heartbeats
const POLL_MS = 4000;
const RETRY_MS = 5000;
const NIGHT_FROM = 18, NIGHT_TO = 6;  // hours in which a wall screen is dark by itself
const ALONE_MS = 60000;       // a form on the post's screen that nobody touches

/* what this file says: Indonesian, and what the page brings of its own language (words.py, SCRIPT) */
const TEXTS = JSON.parse(document.body.dataset.kata || "{}");
const t = (text, values = {}) =>
  (TEXTS[text] || text).replace(/%\((\w+)\)s/g, (all, name) => values[name]);

const board = document.getElementById("papan");

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.tanya;
  if (question && !window.confirm(question)) event.preventDefault();
});

/* A phone's photo is made small before it is sent: seconds instead of minutes on a weak Wi-Fi. The hub draws it
   anew all the same, so whatever fails here is sent as it is. */
const FILE_MAX = 20 << 20;
document.addEventListener("change", async (event) => {
  const field = event.target;
  const file = field.files && field.files[0];
  if (!file || !field.dataset.sisi) return;
  field.setCustomValidity("");
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, Number(field.dataset.sisi) / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (small && small.size < file.size && field.files[0] === file) {
      const holder = new DataTransfer();
      holder.items.add(new File([small], "foto.jpg", {type: "image/jpeg"}));
      field.files = holder.files;
    }
  } catch (error) {
    /* an old browser, or no picture: the hub says what is wrong with it */
  }
  if (field.files[0].size > FILE_MAX) field.setCustomValidity(t("Berkas lebih dari 20 MB. Kecilkan dulu, atau potret lagi."));
  field.reportValidity();
});

/* The ear's copy of a code: "on off on off" in ms, one group. */
let audio = null;
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-cetak]")) window.print();
  const button = event.target.closest("[data-pukulan]");
  if (!button) return;
  if (audio) audio.close();  // the one before it falls silent
  audio = new AudioContext();
  let at = audio.currentTime + 0.05;
  button.dataset.pukulan.split(" ").map(Number).forEach((ms, index) => {
    if (index % 2 === 0) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = 520;
      volume.gain.setValueAtTime(0.5, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + ms / 1000);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + ms / 1000);
    }
    at += ms / 1000;
  });
});

/* The post's screen: digits under the PIN, and back to the board when nobody goes on. */
for (const pad of document.querySelectorAll("[data-untuk]")) {
  const field = document.getElementById(pad.dataset.untuk);
  pad.hidden = false;
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    if ("hapus" in key.dataset) field.value = field.value.slice(0, -1);
    else if (field.value.length < field.maxLength) field.value += key.textContent;
  });
}
for (const page of document.querySelectorAll("[data-kembali]")) {
  let alone = 0;
  const again = () => {
    clearTimeout(alone);
    alone = setTimeout(() => location.assign(page.dataset.kembali), ALONE_MS);
  };
  for (const what of ["click", "keydown"]) document.addEventListener(what, again);
  again();
}
for (const page of document.querySelectorAll("[data-muat-ulang]")) {
  setTimeout(() => location.reload(), Number(page.dataset.muatUlang));
}

/* Denah: houses by drag and by keyboard; the form below the plan does the same without this file. */
function startPlan(plan) {
  const news = document.getElementById("denah-kabar");
  const height = Number(plan.dataset.tinggi);
  let held = null;
  let line = null;

  function at(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(plan.getScreenCTM().inverse());
    const inside = (value, most) => Math.round(Math.min(most, Math.max(0, value)));
    return [inside(point.x, 1000), inside(point.y, height)];
  }

  function put(mark, x, y) {
    mark.dataset.kini = x + " " + y;
    mark.setAttribute("transform", "translate(" + x + " " + y + ")");
  }

  async function save(mark) {
    const [x, y] = (mark.dataset.kini || "").split(" ");
    if (!y || (x === mark.dataset.x && y === mark.dataset.y)) return;
    const form = new FormData();
    const values = {csrf: plan.dataset.csrf, rt: plan.dataset.rt, apa: mark.dataset.apa, x: x, y: y};
    for (const [name, value] of Object.entries(values)) form.append(name, value);
    const answer = await fetch(plan.dataset.taruh, {method: "POST", body: form}).catch(() => null);
    if (answer && answer.ok) Object.assign(mark.dataset, {x: x, y: y});
    else put(mark, mark.dataset.x, mark.dataset.y);
    news.textContent = mark.dataset.nama + ": " + (answer && answer.ok ? t("tersimpan") : t("tidak tersimpan, coba lagi"));
  }

  plan.addEventListener("pointerdown", (event) => {
    const mark = event.target.closest(".titik");
    if (line) line.from = at(event);
    else if (mark) held = mark;
    else return;
    plan.setPointerCapture(event.pointerId);
  });
  plan.addEventListener("pointermove", (event) => {
    if (held) put(held, ...at(event));
    if (line && line.from) {
      const [x2, y2] = at(event);
      Object.entries({x1: line.from[0], y1: line.from[1], x2: x2, y2: y2}).forEach(([name, value]) => {
        line.shape.setAttribute(name, value);
        document.querySelector("#gang [name=" + name + "]").value = value;
      });
    }
  });
  plan.addEventListener("pointerup", () => {
    if (held) save(held);
    held = null;
    if (line) line.from = null;
  });
  plan.addEventListener("pointercancel", () => {
    if (held) put(held, held.dataset.x, held.dataset.y);
    held = null;
  });
  /* touch-action is not kept for parts of a picture: else a finger on a house scrolls the page and drops it */
  plan.addEventListener("touchstart", (event) => {
    if (event.target.closest(".titik")) event.preventDefault();
  }, {passive: false});
  plan.addEventListener("keydown", (event) => {
    const mark = event.target.closest(".titik");
    const step = event.shiftKey ? 50 : 10;
    const way = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]}[event.key];
    if (!mark || (!way && event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    const [x, y] = (mark.dataset.kini || mark.dataset.x + " " + mark.dataset.y).split(" ").map(Number);
    if (way) put(mark, Math.min(1000, Math.max(0, x + way[0])), Math.min(height, Math.max(0, y + way[1])));
    else if (event.key === "Enter") save(mark);
    else put(mark, mark.dataset.x, mark.dataset.y);
  });

  const draw = document.getElementById("gambar-gang");
  draw.hidden = false;
  draw.addEventListener("click", () => {
    if (line) line.shape.remove();
    line = line ? null : {from: null, shape: document.createElementNS("http://www.w3.org/2000/svg", "line")};
    if (line) {
      line.shape.setAttribute("class", "gang baru");
      plan.append(line.shape);
      plan.scrollIntoView({block: "center"});
    }
    plan.classList.toggle("menggambar", Boolean(line));
    draw.setAttribute("aria-pressed", String(Boolean(line)));
  });
}

if (document.querySelector("#denah.ubah")) startPlan(document.getElementById("denah"));

function ageText(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return t("baru saja");
  if (minutes < 60) return t("%(minutes)s menit lalu", {minutes: minutes});
  return t("%(hours)s jam %(minutes)s menit lalu", {hours: Math.floor(minutes / 60), minutes: minutes % 60});
}

function startBoard() {
  const lost = document.getElementById("putus");
  const lostFor = document.getElementById("putus-lama");
  const ended = document.getElementById("pensiun");
  const state = document.getElementById("sambung");
  const clock = document.getElementById("jam");
  const clockFrom = performance.now();
  let version = board.dataset.versi;
  let hubClock = Number(board.dataset.jam) - performance.now();
  let heardAt = performance.now();
  let waiting = new Set(board.dataset.menunggu.split(" ").filter(Boolean));
  let repeats = Number(board.dataset.ulang);
  let stream = null;
  let over = false;

  function heard(how, hubNow) {
    heardAt = performance.now();
    hubClock = hubNow - heardAt;
    state.textContent = how;
    tick();
  }

  function show(message, how) {
    heard(how, message.jam);
    if (message.html === undefined || message.versi === version) return;
    version = message.versi;
    const held = board.contains(document.activeElement) ? document.activeElement : null;
    const card = held && held.closest("article");
    board.innerHTML = message.html;
    if (held) focusAgain(card ? document.getElementById(card.id) : board, held.textContent.trim());
    const fresh = message.menunggu.some((slug) => !waiting.has(slug));
    if (fresh || message.ulang > repeats) beep();
    waiting = new Set(message.menunggu);
    repeats = message.ulang;
    document.title = (waiting.size ? "(" + waiting.size + ") " : "") + document.title.replace(/^\(\d+\) /, "");
    tick();
  }

  /* News must not move the focus to another deed just as somebody presses Enter. */
  function focusAgain(place, words) {
    const all = place ? [...place.querySelectorAll("button, a")] : [];
    const same = all.find((one) => one.textContent.trim() === words);
    if (same) same.focus({preventScroll: true});
    else if (place && place !== board) {
      place.tabIndex = -1;  // the card, where Enter does nothing and Tab goes on
      place.focus({preventScroll: true});
    }
  }

  function open() {
    if (stream || over || document.hidden) return;
    stream = new EventSource(board.dataset.aliran);
    stream.addEventListener("isi", (event) => show(JSON.parse(event.data), t("terhubung, langsung")));
    stream.addEventListener("hidup", (event) => heard(t("terhubung, langsung"), JSON.parse(event.data).jam));
    stream.addEventListener("keluar", finish);
    stream.onerror = () => {
      if (stream && stream.readyState === EventSource.CLOSED) {  // refused, as when too many screens are open
        close();
        setTimeout(open, RETRY_MS);
      }
    };
  }

  function close() {
    if (stream) stream.close();
    stream = null;
  }

  function finish() {
    over = true;
    close();
    lost.hidden = true;
    ended.hidden = false;
  }

  async function poll() {
    const streaming = stream && performance.now() - heardAt < POLL_MS + 2000;
    if (over || document.hidden || streaming) return;
    try {
      const answer = await fetch(board.dataset.isi + "?versi=" + version, {credentials: "same-origin"});
      if (answer.status === 401) finish();
      else if (answer.ok) show(await answer.json(), t("terhubung, tiap %(seconds)s dtk", {seconds: POLL_MS / 1000}));
    } catch (error) {
      if (lost.hidden) state.textContent = t("mencoba menyambung…");
    }
  }

  function tick() {
    const now = performance.now();
    for (const one of board.querySelectorAll("[data-buka]")) one.textContent = ageText(now + hubClock - one.dataset.buka);
    const silent = now - heardAt;
    lost.hidden = over || silent < SILENT_MS;
    document.body.classList.toggle("putus-semua", !lost.hidden);
    lostFor.textContent = silent < 120000
      ? t("%(count)s dtk", {count: Math.round(silent / 1000)})
      : t("%(count)s menit", {count: Math.round(silent / 60000)});
    if (!lost.hidden) state.textContent = t("terputus");
    const wall = new Date(Number(clock.dataset.wall) + now - clockFrom + clock.dataset.geser * 3600000);
    const two = (number) => String(number).padStart(2, "0");
    paint(wall.getUTCHours());
    clock.textContent = two(wall.getUTCHours()) + "." + two(wall.getUTCMinutes()) + " " + clock.dataset.zona;
  }

  /* Day and night: the device decides on a phone, the hub's clock on a wall, and a person over both. */
  const look = document.getElementById("rupa");
  const looks = {otomatis: t("Rupa: otomatis"), siang: t("Rupa: siang"), malam: t("Rupa: malam")};
  let chosen = localStorage.getItem("rupa") in looks ? localStorage.getItem("rupa") : "otomatis";

  function paint(hour) {
    const now = chosen !== "otomatis" ? chosen : !onWall ? "" : hour >= NIGHT_FROM || hour < NIGHT_TO ? "malam" : "siang";
    document.documentElement.dataset.rupa = now;
    look.hidden = false;
    look.textContent = looks[chosen];
  }

  look.addEventListener("click", () => {
    const names = Object.keys(looks);
    chosen = names[(names.indexOf(chosen) + 1) % names.length];
    localStorage.setItem("rupa", chosen);
    tick();
  });

  /* Browsers let a page sound after one tap. A screen that has had it sounds again by itself where the browser
     allows that (the same tab, as after a PIN) and asks for a tap where not (a tablet that was switched on). */
  const soundButton = document.getElementById("suara");
  const mute = document.getElementById("bisu");
  let sound = null;

  const sounds = () => Boolean(sound) && sound.state === "running";
  const onWall = document.body.classList.contains("layar");
  const wantsSound = () => onWall || localStorage.getItem("suara") === "ya";

  function showSound() {
    soundButton.textContent = sounds() ? t("Suara layar ini: aktif") : t("Aktifkan suara di layar ini");
    soundButton.disabled = sounds() && onWall;  // nobody silences the post in passing
    mute.hidden = sounds() || !wantsSound();
  }

  function startSound() {
    if (!sound) {
      sound = new AudioContext();
      sound.addEventListener("statechange", showSound);
    }
    return sound.resume();
  }

  function stopSound() {
    localStorage.removeItem("suara");
    sound.close();
    sound = null;
  }

  function beep() {
    if (!sounds()) return;
    for (let stroke = 0; stroke < 6; stroke++) {
      const tone = sound.createOscillator();
      const volume = sound.createGain();
      const at = sound.currentTime + stroke * 0.16;
      tone.frequency.value = 620;
      volume.gain.setValueAtTime(0.5, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.12);
      tone.connect(volume).connect(sound.destination);
      tone.start(at);
      tone.stop(at + 0.13);
    }
  }

  document.addEventListener("click", (event) => {
    const asked = event.target.closest("#suara");
    if (sounds()) {
      if (asked) stopSound();
    } else if (asked || wantsSound()) {
      if (asked) localStorage.setItem("suara", "ya");
      startSound().then(beep);
    }
    showSound();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else { poll(); open(); }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  setInterval(poll, POLL_MS);
  setInterval(tick, 1000);
  tick();
  open();
  if (wantsSound()) startSound();
  setTimeout(showSound, 500);  // by then a browser that lets us sound has said so
}

if (board) startBoard();
