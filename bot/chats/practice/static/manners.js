/* What people expect of a chat and plain HTML cannot give: Escape closes what lies above the page, what was sent does not stay in its
   field, whoever sent a word sees what it brought, a message that is higher than the screen is read from its title on, and a press that nobody
   answers is told to have changed nothing. */
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    document.querySelector("#veil .ends-row a")?.click();
  });

  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target instanceof Element && event.target.closest("form.composer, form.reply");
    const words = form && form.querySelector("[hx-morph-skip]");
    if (words) words.value = "";
    if (words && form.matches(".composer")) sent = performance.now();
  });

  /* The page asks by itself for what is new, every second: only presses are told, and once it is answered again they are not. */
  const AWAY_MS = 5000;
  let away = 0;

  function tell(words) {
    const place = document.getElementById("away");
    if (place && place.textContent !== words) place.textContent = words;
  }

  document.addEventListener("htmx:error", (event) => {
    const ctx = event.detail.ctx;
    if (!ctx || ctx.response || ctx.sourceElement?.id === "poll") return;
    away = performance.now();
    tell(document.getElementById("away")?.dataset.words ?? "");
  });

  document.addEventListener("htmx:after:request", () => {
    if (performance.now() - away > AWAY_MS) tell("");
  });

  const read = new WeakMap();
  const SOON_MS = 5000;
  let sent = -SOON_MS;

  /* Once for each new last message, and only for those who are at the end already, or have just sent a word. */
  function show(box) {
    const last = box.querySelector(":scope > .list > article:last-of-type");
    if (!last || box.hidden || read.get(box) === last.id || box.clientHeight === 0) return;
    const first = !read.has(box);
    read.set(box, last.id);
    if (!first && performance.now() - sent < SOON_MS) box.scrollTop = 0;
    const over = last.offsetHeight - box.clientHeight;
    if (over > 0 && (first || Math.abs(box.scrollTop) < 4)) {
      box.scrollTop += last.getBoundingClientRect().top - box.getBoundingClientRect().top - 12;
    }
  }

  const showAll = () => document.querySelectorAll("#channel, #private").forEach(show);
  new MutationObserver(showAll).observe(document.body, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  showAll();
})();
