/* Draws a card behind the scenes as Microsoft Teams would, with Microsoft's own renderer, which is fetched when somebody first
   looks there. Where it cannot be had the JSON stays as the page brought it. */
(() => {
  "use strict";
  const RENDERER = "/practice/static/adaptivecards-3.0.6.min.js";
  const CARD = "application/vnd.microsoft.card.adaptive";
  const OPEN = ":is(section.behind, details.behind[open]) [data-payload]";
  const text = (colour, soft) => ({ default: colour, subtle: soft });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new WeakMap();
  let fetching = null;

  function renderer() {
    fetching ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = RENDERER;
      script.onload = () => done(window.AdaptiveCards);
      script.onerror = () => { fetching = null; failed(); };
      document.head.append(script);
    });
    return fetching;
  }

  /* The measures and colours of Teams, light and dark, as near as a page can come. */
  function looks() {
    const [ink, soft, page, sunk, red] = dark.matches
      ? ["#ffffff", "#bdbdbd", "#292929", "#383838", "#f1707b"] : ["#242424", "#616161", "#ffffff", "#f5f5f5", "#b10e1c"];
    const colours = { default: text(ink, soft), attention: text(red, red), accent: text(ink, soft), good: text(ink, soft) };
    return {
      fontFamily: '"Segoe UI", system-ui, -apple-system, Roboto, "Noto Sans", sans-serif',
      fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 },
      lineHeights: { small: 16, default: 20, medium: 22, large: 24, extraLarge: 32 },
      fontWeights: { lighter: 400, default: 400, bolder: 600 },
      spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 20, padding: 12 },
      separator: { lineThickness: 1, lineColor: dark.matches ? "#525252" : "#d1d1d1" },
      containerStyles: {
        default: { backgroundColor: page, foregroundColors: colours },
        emphasis: { backgroundColor: sunk, foregroundColors: colours },
      },
      inputs: { label: { inputSpacing: 4, requiredInputs: { color: "default" }, optionalInputs: { color: "default" } } },
      actions: {
        maxActions: 6, spacing: "medium", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left",
        showCard: { actionMode: "inline", inlineTopMargin: 0, style: "default" },
      },
    };
  }

  /* The Adaptive Card in a payload, if it holds one. */
  function cardOf(json) {
    const attachment = (JSON.parse(json).attachments || []).find((each) => each.contentType === CARD);
    return attachment && attachment.content;
  }

  async function draw(place) {
    const json = place.querySelector("code").textContent;
    const [box, raw] = [place.querySelector(".drawn"), place.querySelector(".raw")];
    const now = `${dark.matches}${json}`;
    if (drawn.get(box) === now) return;
    const first = !drawn.has(box);
    drawn.set(box, now);
    try {
      const content = cardOf(json);
      const element = content && await shown(content);
      if (drawn.get(box) !== now) return;
      box.replaceChildren(...(element ? [note(box), element] : []));
      box.hidden = !element;
      if (!element) raw.open = true;
      else if (first) raw.open = false;
    } catch {
      box.hidden = raw.open = true;
    }
  }

  async function shown(content) {
    const { AdaptiveCard, HostConfig } = await renderer();
    const card = new AdaptiveCard();
    card.hostConfig = new HostConfig(looks());
    card.onExecuteAction = () => {};
    card.parse(content);
    return card.render();
  }

  function note(box) {
    const said = document.createElement("p");
    said.className = "note";
    said.textContent = `Drawn by Microsoft's own renderer, much as ${box.dataset.chat} shows it. Its buttons lead nowhere here.`;
    return said;
  }

  const look = () => document.querySelectorAll(OPEN).forEach(draw);
  let waiting = 0;
  const soon = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; look(); }); };
  document.addEventListener("toggle", soon, true);
  dark.addEventListener("change", soon);
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true, characterData: true });
  look();
})();
