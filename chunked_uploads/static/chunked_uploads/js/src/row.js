"use strict";

/*
 * What is seen of one upload: a row of the list.
 */
(function () {
  const { FileChanged, FileRefused, OtherContent } = window.ChunkedUploads;

  const ACTIONS = {
    ready: ["start", "remove"],
    missing: ["choose", "cancel"],
    queued: ["pause", "cancel"],
    checking: ["pause", "cancel"],
    uploading: ["pause", "cancel"],
    waiting: ["pause", "cancel"],
    finishing: ["pause", "cancel"],
    paused: ["resume", "cancel"],
    failed: ["retry", "cancel"],
    refused: ["remove"],
    complete: ["remove"],
  };
  const WITHOUT_PROGRESS = new Set(["refused", "complete"]);
  const STATUS_SENTENCES = new Set([400, 401, 403, 404, 413, 415, 422, 429, 507]);
  // What the site says itself is beside the sentence, or in its place.
  const DETAILED = new Set([400, 403, 413, 415, 429].map((status) => `status-${status}`));

  /** The key of the sentence for a failure. */
  function sentenceKey(failure) {
    if (failure instanceof FileRefused) return failure.key;
    if (failure instanceof FileChanged) return "file-changed";
    if (failure instanceof OtherContent) return "other-content";
    if (failure.isOfOtherFile) return "other-content-there";
    if (failure.status === 0) return "no-network";
    if (STATUS_SENTENCES.has(failure.status)) return `status-${failure.status}`;
    return failure.isCurable ? "server-trouble" : "status-else";
  }

  /** What went wrong: for the visitor a sentence, for scripts status and code. */
  function describe(failure, texts) {
    const { status = null, detail = "", answer = {} } = failure;
    const key = sentenceKey(failure);
    const own = texts.text(key, failure.values);
    const code = answer.error || (status === null ? key.replace("-", "_") : "");
    const isDetailed = detail && (DETAILED.has(key) || key === "status-else");
    const sentence = isDetailed ? `${own} ${detail}` : own;
    return { status, error: code, detail, sentence: (key === "status-422" && detail) || sentence };
  }

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

  /** A piece of the page whose parts have names. */
  class Piece {
    constructor(element) {
      this.element = element;
    }

    find(part) {
      return this.element.querySelector(`.chunked-uploads-${part}`);
    }

    /** Show `text` in a part, which is there only while it has any. */
    put(part, text) {
      const element = this.find(part);
      if (element.textContent !== text) element.textContent = text;
      element.hidden = !text;
    }
  }

  class Row extends Piece {
    constructor(upload, template, texts) {
      super(template.content.firstElementChild.cloneNode(true));
      this.upload = upload;
      this.texts = texts;
      this.find("progress").setAttribute("aria-label", upload.name);
      this.buttons = [...this.element.querySelectorAll("[data-action]")];
      this.buttons.forEach((button) => {
        const text = button.textContent.trim();
        button.title = text;
        button.setAttribute("aria-label", `${text}: ${upload.name}`);
      });
      this.render();
    }

    render() {
      const { upload } = this;
      this.element.dataset.state = upload.state;
      this.renderName();
      this.renderProgress();
      this.put("status", this.statusText());
      this.put("figures", this.figures().join(" · "));
      this.put("message", this.message());
      this.renderActions(ACTIONS[upload.state] || []);
    }

    renderName() {
      const { name, path, state, result } = this.upload;
      const shown = path || name;
      const url = state === "complete" ? webAddress(result.url) : "";
      const place = this.find("name");
      const link = place.querySelector("a");
      if (place.textContent === shown && (link ? link.href : "") === url) return;
      place.title = shown; // what two lines may not show
      place.textContent = url ? "" : shown;
      if (!url) return;
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.textContent = shown;
      place.append(anchor);
    }

    renderProgress() {
      const { state, percent, sent } = this.upload;
      const progress = this.find("progress");
      const text = this.texts.format.percent(percent);
      const isIdle = ["ready", "queued", "failed"].includes(state) && !sent;
      progress.hidden = isIdle || WITHOUT_PROGRESS.has(state);
      if (progress.value !== percent) {
        progress.value = percent;
        progress.setAttribute("aria-valuetext", text);
      }
      this.put("percent", progress.hidden ? "" : text);
    }

    statusText() {
      const { state } = this.upload;
      const isOffline = state === "waiting" && !navigator.onLine;
      return this.texts.text(isOffline ? "offline" : state);
    }

    figures() {
      const { size, progress, speed, timeLeft } = this.upload;
      const { bytes } = progress.shown;
      const { texts } = this;
      const total = texts.format.bytes(size);
      if (!bytes || bytes === size) return [total];
      return [texts.text("bytes", { sent: texts.format.bytes(bytes), total })].concat(
        texts.pace(speed, timeLeft),
      );
    }

    message() {
      const { state, size, sent, failure, retryAt } = this.upload;
      const { texts } = this;
      const isShown = failure && state !== "cancelling";
      const sentence = isShown ? describe(failure, texts).sentence : "";
      if (state === "waiting") {
        const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
        const { format } = texts;
        const time = seconds < 60 ? format.unit(seconds, "second") : format.duration(seconds);
        return `${sentence} ${texts.text("again-in", { time })}`;
      }
      if (state === "missing") return sentence || texts.text("choose-again");
      if (state !== "ready" || !sent) return sentence;
      const percent = texts.format.percent(Math.floor((sent * 100) / size));
      return texts.text("held", { percent });
    }

    renderActions(actions) {
      const focused = document.activeElement;
      this.buttons.forEach((button) => {
        button.hidden = !actions.includes(button.dataset.action);
      });
      // The button that had the focus is gone: its successor takes it.
      if (focused && focused.hidden && this.element.contains(focused)) this.focus();
    }

    focus() {
      const button = this.buttons.find((each) => !each.hidden);
      (button || this.element).focus();
    }
  }

  Object.assign(window.ChunkedUploads, { Piece, Row, describe });
})();
