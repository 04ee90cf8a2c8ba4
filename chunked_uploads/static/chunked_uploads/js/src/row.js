"use strict";

/*
 * What is seen of one upload: a row of the list.
 */
(function () {
  const { describe, icon, isWorthRetrying, typeOf } = window.ChunkedUploads;

  const ACTIONS = {
    ready: ["start", "dismiss"],
    missing: ["choose", "cancel"],
    queued: ["cancel"],
    checking: ["pause", "cancel"],
    uploading: ["pause", "cancel"],
    waiting: ["pause", "cancel"],
    finishing: ["pause", "cancel"],
    paused: ["resume", "cancel"],
    failed: ["retry", "cancel"],
    refused: ["dismiss"],
    complete: ["dismiss"],
  };
  const WORDS = "[data-action=start], [data-action=continue], [data-action=choose], [data-action=retry]";
  const BADGES = { paused: "paused", waiting: "waiting", failed: "failed", refused: "refused" };
  const WITH_PERCENT = new Set(["uploading", "waiting", "paused"]);
  const WITH_BAR = new Set(["uploading", "finishing", "waiting", "paused", "missing"]);
  // Said by the bar's look to who sees it.
  const ONLY_HEARD = new Set(["uploading", "missing"]);
  const TICK = "m4.6 8.3 2.3 2.3 4.5-4.9";

  /** `url` where it is one to follow, else "": no javascript: gets into a link. */
  function webAddress(url) {
    if (!url) return "";
    try {
      const target = new URL(url, document.baseURI);
      return ["http:", "https:"].includes(target.protocol) ? target.href : "";
    } catch (error) {
      return ""; // no address at all
    }
  }

  /** A piece of the page whose parts have names; a page of its own may lack some. */
  class Piece {
    constructor(element) {
      this.element = element;
      this.parts = new Map();
      this.shown = new Map();
    }

    find(part) {
      if (!this.parts.has(part)) {
        this.parts.set(part, this.element.querySelector(`.chunked-uploads-${part}`));
      }
      return this.parts.get(part);
    }

    /** Show `text` in a part, which is there only while it has any. */
    put(part, text) {
      const element = this.find(part);
      if (!element || this.shown.get(part) === text) return;
      this.shown.set(part, text);
      element.textContent = text;
      element.hidden = !text;
    }

    /** Have a part filled to `share`, 0 to 1. */
    fill(element, share, text) {
      if (element.style.getPropertyValue("--chunked-uploads-part") !== String(share)) {
        element.style.setProperty("--chunked-uploads-part", share);
      }
      const percent = String(Math.floor(share * 100));
      if (element.getAttribute("aria-valuenow") === percent) return;
      element.setAttribute("aria-valuenow", percent);
      element.setAttribute("aria-valuetext", text);
    }
  }

  /** The two parts of a name: the second, its end and extension, is always seen. */
  function partsOf(name) {
    const [, base, extension] = /^(.*?)(\.[^./]{1,10})?$/s.exec(name);
    const letters = Array.from(base);
    const kept = letters.length > 12 ? 6 : 0;
    const cut = letters.length - kept;
    return [letters.slice(0, cut).join(""), letters.slice(cut).join("") + (extension || "")];
  }

  function span(text) {
    const element = document.createElement("span");
    element.textContent = text;
    return element;
  }

  class Row extends Piece {
    constructor(upload, { rowTemplate, texts, isCompact }) {
      super(rowTemplate.content.firstElementChild.cloneNode(true));
      this.upload = upload;
      this.texts = texts;
      this.isCompact = isCompact;
      this.hasFace = true; // of its type; a missing file has a dashed place
      this.shownName = ""; // and what else changes with it
      this.shownActions = null;
      this.buttons = [...this.element.querySelectorAll("[data-action]")];
      this.buttons.forEach((button) => {
        const label = button.getAttribute("aria-label") || button.textContent.trim();
        button.title = button.textContent.trim() ? "" : label;
        button.setAttribute("aria-label", `${label}: ${upload.name}`);
      });
      const bar = this.find("bar");
      if (bar) bar.setAttribute("aria-label", upload.name);
      this.renderTile();
      this.render();
      // A tick is drawn only where it comes under the visitor's eyes.
      this.element.classList.toggle("chunked-uploads-is-still", upload.state === "complete");
    }

    render() {
      const { state } = this.upload;
      if (this.element.dataset.state !== state) this.renderState(state);
      this.renderName();
      this.renderFacts();
      this.renderBar();
      this.renderActions(this.actions());
    }

    renderState(state) {
      this.element.dataset.state = state;
      const status = this.find("status");
      const isSeen = !ONLY_HEARD.has(state) || this.upload.size === null;
      if (status) status.classList.toggle("chunked-uploads-hidden", !isSeen);
      this.renderBadge(state);
    }

    // --- what it is ---

    /** Whether the visitor may give it its file: of a size that nobody said, none is it. */
    get isAwaited() {
      const { size, state } = this.upload;
      return state === "missing" && size !== null;
    }

    renderTile() {
      const { name, file } = this.upload;
      const tile = this.find("tile");
      if (!tile) return;
      const type = typeOf(name, file ? file.type : "");
      tile.dataset.type = type;
      const isMissing = this.isAwaited;
      tile.querySelector(".chunked-uploads-face").replaceChildren(icon(isMissing ? "up" : type));
      this.hasFace = !isMissing;
    }

    renderBadge(state) {
      const tile = this.find("tile");
      if (!tile) return;
      const isMissing = this.isAwaited;
      if (isMissing === this.hasFace) this.renderTile();
      const old = tile.querySelector(".chunked-uploads-badge");
      if (old) old.remove();
      if (!BADGES[state] && state !== "complete") return;
      const badge = document.createElement("span");
      badge.className = "chunked-uploads-badge";
      badge.append(state === "complete" ? tick() : icon(`badge-${BADGES[state]}`));
      tile.append(badge);
    }

    renderName() {
      const { name, state, result, percent, handle } = this.upload;
      const url = state === "complete" ? webAddress(result.url) : "";
      const key = `${state === "missing" && `${percent} ${Boolean(handle)}`} ${name} ${url}`;
      if (this.shownName === key) return;
      this.shownName = key;
      const place = this.find("name");
      if (!place) return;
      place.title = this.upload.path || name; // what one line may not show
      place.classList.toggle("chunked-uploads-name-whole", this.isAwaited);
      if (this.isAwaited) place.replaceChildren(...this.goOn(percent, handle));
      else if (url) {
        const anchor = document.createElement("a");
        anchor.href = url;
        anchor.append(...partsOf(name).map(span));
        place.replaceChildren(anchor);
      } else place.replaceChildren(...partsOf(name).map(span));
    }

    goOn(percent, handle) {
      const { texts, upload } = this;
      const share = texts.format.percent(percent);
      const text = texts.text(handle ? "continue" : "go-on", { name: "\0", percent: share });
      const name = document.createElement("bdi");
      name.textContent = upload.name;
      const [before, after] = text.split("\0");
      return [before, name, after || ""];
    }

    // --- how it is ---

    renderFacts() {
      const { texts, upload } = this;
      const { state, size, progress, speed, timeLeft } = upload;
      const { format } = texts;
      const isFresh = state === "failed" || state === "refused";
      const sent = WITH_PERCENT.has(state) || state === "ready" ? progress.shown.bytes : 0;
      const isWaiting = state === "waiting";
      this.put("status", texts.text(isWaiting && !navigator.onLine ? "offline" : state));
      this.put("percent", WITH_PERCENT.has(state) ? format.percent(upload.percent) : "");
      this.put("bytes", isFresh || isWaiting ? "" : this.bytes(sent, size));
      this.put("speed", speed === null ? "" : format.speed(speed));
      this.put("left", isWaiting ? this.againIn() : texts.timeLeft(timeLeft));
      this.put("why", this.why());
    }

    bytes(sent, size) {
      const { texts, upload } = this;
      const { received } = upload.progress;
      if (upload.state === "missing") {
        if (size !== null) return texts.text("on-server", { bytes: texts.share(received, size) });
        return received ? texts.text("on-server", { bytes: texts.format.bytes(received) }) : "";
      }
      // Of a file that is there, and that nobody measured.
      return size === null ? "" : texts.share(sent, size);
    }

    againIn() {
      const seconds = Math.max(1, Math.ceil((this.upload.retryAt - Date.now()) / 1000));
      const { format } = this.texts;
      const time = seconds < 60 ? format.unit(seconds, "second") : format.duration(seconds);
      return this.texts.text("again-in", { time });
    }

    why() {
      const { failure, size, state } = this.upload;
      if (state === "missing" && size === null) return this.texts.text("size-unknown");
      // That the network is away is said by "Interrupted", and passes by itself.
      if (!failure || (state === "waiting" && !failure.status)) return "";
      return describe(failure, this.texts).sentence;
    }

    renderBar() {
      const bar = this.find("bar");
      if (!bar) return;
      const { state, progress, size } = this.upload;
      bar.hidden = !WITH_BAR.has(state) || size === null;
      if (bar.hidden) return;
      bar.toggleAttribute("data-busy", state === "finishing");
      const share = state === "finishing" ? 1 : size ? progress.shown.bytes / size : 0;
      this.fill(bar, Math.floor(share * 1000) / 1000, this.texts.format.percent(this.upload.percent));
    }

    // --- what can be done ---

    actions() {
      const { failure, handle, result, state } = this.upload;
      if (this.isCompact && state === "complete") return result.isFixed ? ["replace"] : ["replace", "remove"];
      if (this.isCompact && state === "refused") return ["replace", "dismiss"];
      if (state === "missing" && !this.isAwaited) return ["cancel"];
      if (state === "missing" && handle) return ["continue", "cancel"];
      const actions = ACTIONS[state] || [];
      return state === "failed" && !isWorthRetrying(failure) ? ["cancel"] : actions;
    }

    renderActions(actions) {
      const key = actions.join();
      if (this.shownActions === key) return;
      this.shownActions = key;
      const focused = document.activeElement;
      this.buttons.forEach((button) => {
        button.hidden = !actions.includes(button.dataset.action);
      });
      const words = this.buttons.some((button) => !button.hidden && button.matches(WORDS));
      const place = this.find("actions");
      if (place) place.classList.toggle("chunked-uploads-words", words);
      // The button that had the focus is gone: its successor takes it.
      if (focused && focused.hidden && this.element.contains(focused)) this.focus();
    }

    focus() {
      const button = this.buttons.find((each) => !each.hidden);
      (button || this.element).focus();
    }
  }

  function tick() {
    const svg = icon("");
    const path = document.createElementNS(svg.namespaceURI, "path");
    Object.entries({ class: "chunked-uploads-tick", pathLength: 1, d: TICK }).forEach(
      ([name, value]) => path.setAttribute(name, value),
    );
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.replaceChildren(path);
    return svg;
  }

  Object.assign(window.ChunkedUploads, { Piece, Row });
})();
