"use strict";
/* The board's life: one stream, a poll when it fails, TERPUTUS when both do. The board is read without this file. */

const SILENT_MS = 15000;      // three missed heartbeats
const POLL_MS = 4000;
const RETRY_MS = 5000;
const STILL_MS = 1000;        // news waits until no finger or mouse has moved on the board for so long
const HELD_MS = 5000;         // and no longer in all: a worn mouse or a wet touch screen moves for ever
const ALARM_MS = 10000;       // the screen's own sound, again and again until somebody answers
const NAMED_MS = 60000;       // who has just answered on a post's screen stands on it for so long
const NIGHT_FROM = 18, NIGHT_TO = 6;  // hours in which a wall screen is dark by itself

const board = document.getElementById("papan");

/* What a card is about, for who listens: "Maling, Rumah 7, RT 05". */
function about(card) {
  return [...card.querySelectorAll("h2, .rumah")].map((one) => one.textContent.trim()).join(", ");
}

function ageText(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return t("baru saja");
  if (minutes < 60) return t("%(minutes)s menit lalu", {minutes: minutes});
  return t("%(hours)s jam %(minutes)s menit lalu", {hours: Math.floor(minutes / 60), minutes: minutes % 60});
}

/* News never moves a card from under a finger: it waits until the board has been left alone for a second (five at
   most), and a press in the second after it is taken only by the card that was at that place before. */
function startPointer(render) {
  let movedAt = -Infinity;
  let down = false;
  let waiting = null;
  let waitingFrom = 0;
  let changed = {until: 0, cards: []};

  const cards = () => [...board.querySelectorAll("article")].map((one) => [one.id, one.getBoundingClientRect()]);
  const moved = (event) => {
    movedAt = performance.now();
    down = event.type === "pointerdown" || (down && event.type === "pointermove");
  };
  for (const what of ["pointerdown", "pointermove"]) board.addEventListener(what, moved);
  for (const what of ["pointerup", "pointercancel"]) document.addEventListener(what, (event) => {
    if (down) moved(event);
    down = false;
  });

  const held = () => performance.now() - waitingFrom < HELD_MS;
  const busy = () => held() && (down || performance.now() - movedAt < STILL_MS);

  function apply() {
    const message = waiting;
    waiting = null;
    const before = cards();
    render(message);
    changed = {until: performance.now() + STILL_MS, cards: before};
  }

  board.addEventListener("click", (event) => {
    if (event.detail === 0 || performance.now() > changed.until) return;
    const card = event.target.closest("article"), x = event.clientX, y = event.clientY;
    const was = changed.cards.find(([, box]) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom);
    if (card && was && card.id !== was[0]) {
      event.preventDefault();
      event.stopPropagation();
      say(t("Papan baru berubah. Periksa rumahnya, lalu tekan lagi."));
    }
  }, true);
  setInterval(() => { if (waiting && !busy()) apply(); }, 100);
  return (message) => {
    if (!waiting) waitingFrom = performance.now();
    waiting = message;
    if (!busy()) apply();
  };
}

/* The focus stays here, where Enter does nothing and Tab goes on. */
function rest(place) {
  place.tabIndex = -1;
  place.focus({preventScroll: true});
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
  let known = heardOf(board);
  let stream = null;
  let over = false;

  const take = startPointer(render);
  const answers = startAnswers({lost: () => !lost.hidden, finish, refresh: poll});

  function heard(how, hubNow) {
    heardAt = performance.now();
    hubClock = hubNow - heardAt;
    state.textContent = how;
    tick();
    answers.deliver();
  }

  function show(message, how) {
    heard(how, message.jam);
    if (message.html === undefined || message.versi === version) return;
    version = message.versi;
    const fresh = message.menunggu.filter((slug) => !waiting.has(slug));
    if (fresh.length || message.ulang > repeats) beep();
    waiting = new Set(message.menunggu);
    repeats = message.ulang;
    document.title = (waiting.size ? "(" + waiting.size + ") " : "") + document.title.replace(/^\(\d+\) /, "");
    announce(message.html, fresh);
    take({html: message.html, fresh: fresh});
  }

  /* {slug: [what it is about, how it stands]} of the cards of a page. */
  function heardOf(page) {
    const cards = [...page.querySelectorAll("article")];
    const state = (card) => [...card.querySelectorAll(".keadaan :is(b, strong)")].map((one) => one.textContent);
    return new Map(cards.map((card) => [card.id, [about(card), state(card).join(", ")]]));
  }

  /* Who listens hears what is new and nothing twice: a new alarm at once, a change when the voice has time. */
  function announce(html, slugs) {
    const page = document.createElement("template");
    page.innerHTML = html;
    const now = heardOf(page.content);
    const words = slugs.filter((slug) => now.has(slug)).map((slug) => now.get(slug)[0]);
    if (words.length) say(t("Alarm baru: %(what)s", {what: words.join("; ")}));
    const moved = [];
    for (const [slug, [what, state]] of known) {
      const then = now.has(slug) ? now.get(slug)[1] : t("tidak terbuka lagi");
      if (then !== state) moved.push(t("%(what)s: %(state)s", {what: what, state: then}));
    }
    if (moved.length) document.getElementById("perubahan").textContent = moved.join("; ");
    known = now;
  }

  function render(message) {
    const held = board.contains(document.activeElement) ? document.activeElement : null;
    const card = held && held.closest("article");
    const place = card && [...board.querySelectorAll("article")].indexOf(card);
    board.innerHTML = message.html;
    for (const slug of message.fresh) document.getElementById(slug)?.classList.add("tiba");
    answers.mark();
    if (held) {
      const cards = board.querySelectorAll("article");
      const same = card ? document.getElementById(card.id) : board;
      if (same) focusAgain(same, held.textContent.trim());
      else rest(cards[Math.min(place, cards.length - 1)] || board);
    }
    tick();
  }

  /* News must not move the focus to another deed just as somebody presses Enter. */
  function focusAgain(place, words) {
    const same = [...place.querySelectorAll("button, a")].find((one) => one.textContent.trim() === words);
    if (same) same.focus({preventScroll: true});
    else rest(place);
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

  /* Whoever may not look any more sees nothing any more: names and places go from the screen. */
  function finish() {
    over = true;
    close();
    waiting = new Set();
    lost.hidden = true;
    ended.hidden = false;
    if (board.contains(document.activeElement)) ended.querySelector("a").focus();
    board.replaceChildren();
    document.getElementById("tercatat").replaceChildren();
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
    if (waiting.size && now - soundedAt >= ALARM_MS) beep();
    keepAwake();
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
  let soundedAt = -Infinity;

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
    soundedAt = performance.now();
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

  /* A screen that sleeps shows nothing. Browsers keep one awake for a page that came over https. */
  let awake = null;

  async function keepAwake() {
    if (awake || document.hidden || over || !wantsSound() || !("wakeLock" in navigator)) return;
    awake = "asked";
    try {
      awake = await navigator.wakeLock.request("screen");
      awake.addEventListener("release", () => { awake = null; });
    } catch (error) {
      setTimeout(() => { awake = null; }, 60000);  // refused, as on a low battery
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
  answers.mark();
  tick();
  open();
  if (wantsSound()) startSound().then(() => { if (waiting.size) beep(); });
  if (onWall) setTimeout(() => document.getElementById("tercatat").replaceChildren(), NAMED_MS);
  if (location.search) history.replaceState(null, "", location.pathname);  // a reload names nobody again
  setTimeout(showSound, 500);  // by then a browser that lets us sound has said so
}

startBoard();
