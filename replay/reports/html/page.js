"use strict";
// The page is whole without this script, which shows one event at a time and listens to keys.
for (const article of document.querySelectorAll("article")) {
  const rows = [...article.querySelectorAll("ol.events a")];
  const place = article.querySelector(".moments");
  const divergences = [...article.querySelectorAll(".divergence")]
    .sort((a, b) => a.dataset.first - b.dataset.first);
  const timeline = article.querySelector(".timeline");
  const shown = new Map([...place.querySelectorAll(".moment")].map((m) => [+m.dataset.seq, m]));
  const packed = document.getElementById(article.id + "packed");
  let seq = +article.dataset.chosen;
  let at = -1;

  // The moments that are not in the page as they are, by event; unpacked when first asked for.
  let unpacked;
  function unpack() {
    unpacked ??= (async () => {
      if (!packed) return new Map();
      const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      const lines = (await new Response(stream).text()).split("\n").filter(Boolean);
      return new Map(lines.map((line) => JSON.parse(line)));
    })();
    return unpacked;
  }

  async function moment(wanted) {
    if (!shown.has(wanted)) {
      const html = (await unpack()).get(wanted);
      if (html === undefined) return undefined;
      const holder = document.createElement("template");
      holder.innerHTML = html;
      const found = holder.content.querySelector(".moment");
      found.hidden = true;
      place.prepend(found);
      shown.set(wanted, found);
    }
    return shown.get(wanted);
  }

  async function choose(wanted) {
    seq = Math.min(Math.max(wanted, 1), rows.length);
    const mine = seq;
    const found = await moment(mine);
    if (mine !== seq) return;
    for (const other of shown.values()) other.hidden = other !== found;
    rows.forEach((row, index) => {
      if (index + 1 === seq) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    const list = article.querySelector("ol.events");
    const row = rows[seq - 1];
    if (row) {
      const top = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
      if (top < 0 || top > list.clientHeight - row.offsetHeight)
        list.scrollTop += top - list.clientHeight / 3;
    }
    if (timeline) {
      const { left, width, events } = timeline.dataset;
      timeline.querySelector(".now").setAttribute("x", +left + ((seq - 1) * width) / events);
    }
  }

  function open(index) {
    if (!divergences.length) return;
    at = Math.min(Math.max(index, 0), divergences.length - 1);
    divergences.forEach((it, other) => it.classList.toggle("chosen", other === at));
    const it = divergences[at];
    it.querySelector("summary").focus({ preventScroll: true });
    // Where it is hangs on the event that is shown above it.
    choose(+it.dataset.first).then(() => it.scrollIntoView({ block: "nearest" }));
  }

  article.show = (target) => {
    unfold(target);
    const index = divergences.indexOf(target);
    if (index >= 0) open(index);
  };

  article.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const summary = event.target.closest(".divergence > summary");
    if (link?.dataset.seq) {
      event.preventDefault();
      choose(+link.dataset.seq);
    } else if (link) article.show(document.getElementById(link.getAttribute("href").slice(1)));
    else if (summary) open(divergences.indexOf(summary.parentElement));
  });
  article.step = (by) => choose(seq + by);
  article.leap = (by) => {
    const others = divergences.map((it, index) => (it.hidden ? -1 : index)).filter((it) => it >= 0);
    open((by > 0 ? others.find((it) => it > at) : others.findLast((it) => it < at)) ?? at);
  };
  choose(seq);
}

document.body.classList.add("live");
// A log's row in the list of a page that has several, for whichever log of those that differ alike.
const rows = [...document.querySelectorAll(".logs > li")];
function rowOf(name) {
  return rows.find((row) => [...row.querySelectorAll(".name")].some((it) => it.textContent === name));
}

function unfold(target) {
  for (let it = target; it; it = it.parentElement?.closest("details")) it.open = true;
  for (let it = target; it; it = it.parentElement) it.hidden &&= it.matches(".moment");
}

// What stands behind the # of the address: a divergence, a patch or a log. That of a log for which
// another one stands leads to what is told of this.
function visit() {
  const address = location.hash.slice(1);
  const target = document.getElementById(address);
  if (target) return target.closest("article")?.show(target) ?? unfold(target);
  const row = address && rowOf(decodeURIComponent(address.split("/")[0]));
  if (!row) return;
  const there = document.getElementById(row.querySelector("a.name")?.hash.slice(1)) ?? row;
  unfold(there);
  there.scrollIntoView();
}
addEventListener("hashchange", visit);
visit();

const keys = { ArrowRight: ["step", 1], ArrowLeft: ["step", -1], n: ["leap", 1], p: ["leap", -1] };
addEventListener("keydown", (event) => {
  const found = keys[event.key];
  if (!found || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, textarea")) return;
  if (event.key.startsWith("Arrow") && event.target.closest(".scroll")) return;
  const articles = [...document.querySelectorAll("article")];
  const current =
    event.target.closest("article") ??
    articles.find((it) => it.getBoundingClientRect().bottom > innerHeight / 3) ??
    articles[0];
  event.preventDefault();
  current[found[0]](found[1]);
});

// The filter: of logs, patches, events and divergences those stay that have all its words, be it in
// the name of their log. Of a divergence count its place and its patches, not the reasons for it.
const filter = document.getElementById("filter");
const ITEMS = ".logs > li, .chapter, .events li, .divergence, article > header, .patches > .patch";
let parts;
function filtered() {
  const names = new Map();
  for (const article of document.querySelectorAll("article")) {
    const row = document.getElementById(article.id + "row") ?? article;
    const every = [...row.querySelectorAll(".name, .log")].map((it) => it.textContent);
    names.set(article, every.join(" ").toLowerCase());
  }
  return [...document.querySelectorAll(ITEMS)].map((it) => {
    const article = it.closest("article");
    const telling = it.matches(".divergence") ? it.querySelectorAll(":scope > summary, .by") : [it];
    const text = [...telling].map((part) => part.textContent).join(" ").toLowerCase();
    return { it, article, text, names: names.get(article) ?? "" };
  });
}
filter.addEventListener("input", () => {
  parts ??= filtered();
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = new Set();
  let count = 0;
  for (const { it, article, text, names } of parts) {
    const stays = words.every((word) => text.includes(word) || names.includes(word));
    if (stays) kept.add(article);
    if (it.matches("header")) continue;
    it.hidden = !stays;
    count += stays;
  }
  for (const article of document.querySelectorAll("article")) article.hidden = !kept.has(article);
  document.getElementById("kept").textContent = words.length ? `${count} found` : "";
});

// The log of an article, or the command that writes it where it had no room; or its script.
function ofLog(article, what) {
  if (what === "script") return article.dataset.script;
  return document.getElementById(article.id + "log")?.textContent ?? article.dataset.export;
}

// Copies what a button holds or names; where that is not allowed, it is there to be copied by hand.
async function copy(button) {
  const text = button.dataset.copy ?? ofLog(button.closest("article"), button.dataset.of);
  for (const it of document.querySelectorAll(".copied")) it.classList.remove("copied");
  for (const it of document.querySelectorAll(".copy textarea")) it.remove();
  try {
    await navigator.clipboard.writeText(text);
    button.classList.add("copied");
  } catch {
    const area = document.createElement("textarea");
    area.readOnly = true;
    area.value = text;
    button.parentElement.append(area);
    area.select();
  }
}
addEventListener("click", (event) => {
  const button = event.target.closest(".copy button");
  if (button) copy(button);
});

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll(".chapters details:not([open]), .divergence:not([open])")];
  for (const it of closed) it.open = true;
});
addEventListener("afterprint", () => {
  for (const it of closed) it.open = false;
});
