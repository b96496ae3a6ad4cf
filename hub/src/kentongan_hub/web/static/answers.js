"use strict";
/* What a person presses on the board is sent while the board stays. An answer waits for the line; whatever ends or
   silences something does not: minutes later it would end or silence something else. */

const ANSWER_MS = 600000;     // what could not be sent for so long is pressed anew
const UNSENT = "belum-terkirim";  // kept by the tab: a reload loses no answer

/* `lost` tells whether the line is known to be cut, `finish` ends the board, `refresh` asks for news. */
function startAnswers({lost, finish, refresh}) {
  let unsent = JSON.parse(sessionStorage.getItem(UNSENT) || "{}");  // slug -> {url, body, words, at}
  let sending = false;

  function keep() {
    sessionStorage.setItem(UNSENT, JSON.stringify(unsent));
    mark();
  }

  function drop(slug) {
    delete unsent[slug];
    keep();
  }

  /* Each card that has an answer on its way says so, and lets it be taken back. */
  function mark() {
    for (const old of board.querySelectorAll(".belum-terkirim")) old.remove();
    for (const [slug, one] of Object.entries(unsent)) {
      const card = document.getElementById(slug);
      if (!card || !board.contains(card)) continue;
      const line = document.createElement("p");
      const back = document.createElement("button");
      line.className = "belum-terkirim";
      line.textContent = (one.refused ? one.refused
        : t("Belum terkirim: %(words)s. Dikirim begitu tersambung.", {words: one.words})) + " ";
      back.type = "button";
      back.className = "halus";
      back.textContent = one.refused ? t("Mengerti") : t("Urungkan");
      back.setAttribute("aria-label", back.textContent + ": " + about(card));
      back.addEventListener("click", () => {
        drop(slug);
        rest(card);
      });
      line.append(back);
      (card.querySelector(".jawab") || card.firstElementChild).after(line);
    }
  }

  async function deliver() {
    if (sending) return;
    sending = true;
    try {
      for (const [slug, one] of Object.entries(unsent)) {
        if (one.refused) continue;
        if (Date.now() - one.at > ANSWER_MS) {
          say(t("%(words)s tidak terkirim dalam 10 menit. Tekan lagi.", {words: one.words}));
          drop(slug);
        } else if (!await send(slug, one)) {
          tell(slug, one);
          break;
        }
      }
    } finally {
      sending = false;
    }
  }

  /* Said once; the card shows it for as long as it waits. */
  function tell(slug, one) {
    const card = document.getElementById(slug);
    if (one.told || unsent[slug] !== one || !card) return;
    one.told = true;
    say(t("Belum terkirim: %(words)s. Dikirim begitu tersambung.", {words: one.words + ", " + about(card)}));
  }

  /* True when the hub has judged it, whatever it said. */
  async function send(slug, one) {
    let answer;
    try {
      const body = new URLSearchParams(one.body);
      answer = await fetch(one.url, {method: "POST", body: body, signal: AbortSignal.timeout(3 * REACH_MS)});
    } catch (error) {
      return false;
    }
    if (answer.status === 429 || answer.status >= 500) return false;
    const waited = unsent[slug] === one;
    if (waited) drop(slug);
    if (answer.status === 401 || new URL(answer.url).pathname === "/masuk") {
      finish();
      say(t("%(words)s tidak terkirim: sesi berakhir. Masuk, lalu tekan lagi.", {words: one.words}));
    } else if (!answer.ok) refuse(waited && slug, one, await answer.text());
    else confirm();
    refresh();
    return true;
  }

  /* The hub says why not; the card of an answer shows it until somebody has read it. */
  function refuse(slug, one, page) {
    const why = new DOMParser().parseFromString(page, "text/html").querySelector(".masalah, main p");
    const words = t("%(words)s tidak diterima.", {words: one.words});
    const said = words + (why ? " " + why.textContent.trim() : "");
    if (slug) {
      unsent[slug] = {refused: said};
      keep();
    } else say(said);
  }

  async function confirm() {
    const line = document.getElementById("tercatat");
    const answer = await fetch(line.dataset.dari).catch(() => null);
    if (!answer || !answer.ok) return;
    line.innerHTML = await answer.text();
    if (line.childElementCount) line.scrollIntoView({block: "nearest"});
  }

  board.addEventListener("submit", (event) => {
    const form = event.target, card = form.closest("article");
    if (!card) return;
    const question = form.dataset.tanya;
    event.preventDefault();
    event.stopPropagation();
    if (question && !window.confirm(question)) return;
    const words = form.querySelector("button").firstChild.nextSibling.textContent.trim();
    const body = new URLSearchParams(new FormData(form)).toString();
    const deed = {url: form.action, body: body, words: words, at: Date.now()};
    if (form.closest(".jawab")) {
      unsent[card.id] = deed;
      keep();
      deliver();
    } else send(card.id, deed).then((judged) => {
      if (!judged) say(t("%(words)s tidak terkirim: pusat data tidak terjangkau.", {words: words}));
    });
  }, true);

  /* A page that cannot come would leave the board for a browser's error: the board stays and says so. */
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!link || !plain || event.defaultPrevented || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    if (!lost() && await reached()) location.assign(link.href);
    else say(t("Pusat data tidak terjangkau: halaman itu belum bisa dibuka."));
  });

  return {mark, deliver};
}
