"use strict";
/* What pages do beyond their forms; every page works without this file. The board's life is in board.js. */

const ALONE_MS = 60000;       // a form on the post's screen that nobody touches

/* what this file says: Indonesian, and what the page brings of its own language (words.py, SCRIPT) */
const TEXTS = JSON.parse(document.body.dataset.kata || "{}");
const t = (text, values = {}) =>
  (TEXTS[text] || text).replace(/%\((\w+)\)s/g, (all, name) => values[name]);

/* One short line for eyes and for screen readers; it covers nothing that can be pressed. */
function say(words) {
  const line = document.getElementById("kabar");
  line.textContent = words;
  line.classList.add("tampak");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => line.classList.remove("tampak"), 6000);
}

/* Whether the hub answers now: asked before a page is left that could not come back. */
const REACH_MS = 4000;
async function reached() {
  try {
    await fetch("/papan/isi", {method: "HEAD", signal: AbortSignal.timeout(REACH_MS)});
    return true;
  } catch (error) {
    return false;
  }
}

/* On a secure address the browser keeps a page for the time when the hub cannot be reached (worker.js). */
const VERSION = new URL(document.currentScript.src).searchParams.get("v");
if (VERSION && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/static/worker.js?v=" + VERSION, {scope: "/"})
    .catch(() => { /* an address that the browser does not trust: all is as it is without one */ });
}

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
    alone = setTimeout(async () => {
      if (await reached()) location.assign(page.dataset.kembali);
      else again();
    }, ALONE_MS);
  };
  /* what is written here is not lost to a browser's error page while the hub is away */
  page.addEventListener("submit", async (event) => {
    if (event.target.dataset.terjangkau) return;
    event.preventDefault();
    if (await reached()) {
      event.target.dataset.terjangkau = "1";
      event.target.requestSubmit(event.submitter);
    } else say(t("Belum terkirim: pusat data tidak terjangkau. Coba lagi."));
  });
  for (const what of ["click", "keydown"]) document.addEventListener(what, again);
  again();
}
for (const page of document.querySelectorAll("[data-muat-ulang]")) {
  setTimeout(() => location.reload(), Number(page.dataset.muatUlang));
}
for (const page of document.querySelectorAll("[data-sampai-tersambung]")) {
  setInterval(async () => {
    if (await reached()) location.reload();
  }, Number(page.dataset.sampaiTersambung));
}
