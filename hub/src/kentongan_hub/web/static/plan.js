"use strict";
/* Denah: houses by drag, by keyboard and one after the other, as one walks past them; the forms below the plan do
   the same without this file. */

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

  async function send(where, values) {
    const body = new URLSearchParams({csrf: plan.dataset.csrf, rt: plan.dataset.rt, ...values});
    const answer = await fetch(where, {method: "POST", body: body}).catch(() => null);
    return Boolean(answer && answer.ok);
  }

  async function save(mark) {
    const [x, y] = (mark.dataset.kini || "").split(" ");
    if (!y || (x === mark.dataset.x && y === mark.dataset.y)) return;
    const kept = await send(plan.dataset.taruh, {apa: mark.dataset.apa, x: x, y: y});
    if (kept) Object.assign(mark.dataset, {x: x, y: y});
    else put(mark, mark.dataset.x, mark.dataset.y);
    news.textContent = mark.dataset.nama + ": " + (kept ? t("tersimpan") : t("tidak tersimpan, coba lagi"));
  }

  const walk = startWalk(plan, {at, send});

  plan.addEventListener("pointerdown", (event) => {
    const mark = event.target.closest(".titik");
    if (walk.goes()) return;  // a tap puts the next one, see below
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
    if (event.target.closest(".titik") && !walk.goes()) event.preventDefault();
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

/* Walking: the page names the next house that waits, a tap says where it stands; each step can be taken back. */
function startWalk(plan, {at, send}) {
  const panel = document.getElementById("jalan");
  const [line, next, skip, back] = ["kata", "mulai", "lewati", "urung"].map((name) => panel.querySelector("#jalan-" + name));
  const waiting = JSON.parse(panel.dataset.tunggu);  // [[what, its name, its short name]], as one meets them
  let number = -1;  // of the one that is to be tapped; -1: nobody walks
  let busy = false;
  const done = [];  // [number, mark] of this walk

  const goes = () => number >= 0 && number < waiting.length;

  function show(before) {
    const words = goes() ? t("Ketuk tempat %(name)s", {name: waiting[number][1]}) : t("Semua sudah ditaruh.");
    line.classList.toggle("berjalan", number >= 0);
    line.textContent = (before ? before + ". " : "") + (number < 0 ? "" : words);
    plan.classList.toggle("berjalan", goes());
    next.textContent = number < 0 ? next.dataset.mulai : next.dataset.selesai;
    skip.hidden = !goes();
    back.hidden = done.length === 0;
  }

  function drawn(x, y, short, house) {
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "g");
    const shape = document.createElementNS("http://www.w3.org/2000/svg", house ? "path" : "circle");
    const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
    mark.setAttribute("class", "titik");
    mark.setAttribute("transform", "translate(" + x + " " + y + ")");
    if (house) shape.setAttribute("d", "M-20 18V-4L0-22L20-4V18Z");
    else shape.setAttribute("r", "20");
    text.setAttribute("y", "12");
    text.textContent = short;
    mark.append(shape, text);
    return mark;
  }

  plan.addEventListener("click", async (event) => {
    if (!goes() || busy) return;
    busy = true;
    const [what, name, short] = waiting[number];
    const [x, y] = at(event);
    const kept = await send(plan.dataset.taruh, {apa: what, x: x, y: y});
    if (kept) {
      const mark = drawn(x, y, short, what.startsWith("rumah-"));
      plan.append(mark);
      done.push([number, mark]);
      number += 1;
    }
    busy = false;
    show(name + ": " + (kept ? t("tersimpan") : t("tidak tersimpan, coba lagi")));
  });

  back.addEventListener("click", async () => {
    if (busy) return;
    busy = true;
    const kept = await send(plan.dataset.urung, {});
    if (kept) {
      const [before, mark] = done.pop();
      mark.remove();
      number = before;
    }
    busy = false;
    show(kept ? "" : t("tidak tersimpan, coba lagi"));
    if (back.hidden) next.focus();
  });

  skip.addEventListener("click", () => {
    number += 1;
    show("");
    if (skip.hidden) next.focus();
  });

  next.addEventListener("click", () => {
    if (number >= 0) return location.reload();  // what was put can be dragged from here on
    number = 0;
    show("");
    panel.scrollIntoView({block: "start"});
  });

  panel.hidden = waiting.length === 0;
  return {goes};
}

if (document.querySelector("#denah.ubah")) startPlan(document.getElementById("denah"));
