"use strict";
/* The board's life: one stream, a poll when it fails, TERPUTUS when both do. Every page works without this file. */

const SILENT_MS = 15000;      // three missed heartbeats
const POLL_MS = 4000;
const RETRY_MS = 5000;
const ALONE_MS = 60000;       // a form on the post's screen that nobody touches

const board = document.getElementById("papan");

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.tanya;
  if (question && !window.confirm(question)) event.preventDefault();
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

function ageText(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return "baru saja";
  if (minutes < 60) return minutes + " menit lalu";
  return Math.floor(minutes / 60) + " jam " + (minutes % 60) + " menit lalu";
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
  let sound = null;

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
    const focused = document.activeElement && document.activeElement.closest("article");
    const keep = focused && board.contains(focused) ? focused.id : "";
    board.innerHTML = message.html;
    if (keep && document.getElementById(keep)) {
      const first = document.getElementById(keep).querySelector("button, a");
      if (first) first.focus();
    }
    const fresh = message.menunggu.some((slug) => !waiting.has(slug));
    if (sound && (fresh || message.ulang > repeats)) beep();
    waiting = new Set(message.menunggu);
    repeats = message.ulang;
    document.title = (waiting.size ? "(" + waiting.size + ") " : "") + document.title.replace(/^\(\d+\) /, "");
    tick();
  }

  function open() {
    if (stream || over || document.hidden) return;
    stream = new EventSource(board.dataset.aliran);
    stream.addEventListener("isi", (event) => show(JSON.parse(event.data), "terhubung, langsung"));
    stream.addEventListener("hidup", (event) => heard("terhubung, langsung", JSON.parse(event.data).jam));
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
      else if (answer.ok) show(await answer.json(), "terhubung, tiap " + POLL_MS / 1000 + " dtk");
    } catch (error) {
      state.textContent = "mencoba menyambung…";
    }
  }

  function tick() {
    const now = performance.now();
    for (const one of board.querySelectorAll("[data-buka]")) one.textContent = ageText(now + hubClock - one.dataset.buka);
    const silent = now - heardAt;
    lost.hidden = over || silent < SILENT_MS;
    document.body.classList.toggle("putus-semua", !lost.hidden);
    lostFor.textContent = silent < 120000 ? Math.round(silent / 1000) + " dtk" : Math.round(silent / 60000) + " menit";
    if (!lost.hidden) state.textContent = "terputus";
    const wall = new Date(Number(clock.dataset.wall) + now - clockFrom + clock.dataset.geser * 3600000);
    const two = (number) => String(number).padStart(2, "0");
    clock.textContent = two(wall.getUTCHours()) + "." + two(wall.getUTCMinutes()) + " " + clock.dataset.zona;
  }

  function beep() {
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

  document.getElementById("suara").addEventListener("click", (event) => {
    sound = new AudioContext();
    beep();
    event.target.textContent = "Suara aktif";
    event.target.disabled = true;
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
}

if (board) startBoard();
