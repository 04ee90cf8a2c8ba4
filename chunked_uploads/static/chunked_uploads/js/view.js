"use strict";

/*
 * What is seen and heard of an upload in one chunked_upload.html.
 */
(function () {
  const { FileChanged, Formatter } = window.ChunkedUploads;

  const SPOKEN_STEP = 25; // per cent
  const ACTIONS = {
    ready: ["start", "another"],
    checking: ["pause", "cancel"],
    uploading: ["pause", "cancel"],
    waiting: ["pause", "cancel"],
    finishing: ["pause", "cancel"],
    paused: ["resume", "cancel"],
    failed: ["resume", "another", "cancel"],
    complete: ["another"],
  };
  const STATUS_SENTENCES = new Set([400, 401, 403, 404, 413, 415, 429, 507]);

  /** The key of the sentence for a failure. */
  function sentenceKey(failure) {
    if (failure instanceof FileChanged) return "file-changed";
    if (failure.status === 0) return "no-network";
    if (STATUS_SENTENCES.has(failure.status)) return `status-${failure.status}`;
    return failure.isCurable ? "server-trouble" : "refused";
  }

  /** `url` where it is one to follow, else "": no javascript: gets into a link. */
  function webAddress(url) {
    if (!url) return "";
    const target = new URL(url, document.baseURI);
    return ["http:", "https:"].includes(target.protocol) ? target.href : "";
  }

  class View {
    constructor(root) {
      this.root = root;
      this.format = new Formatter(root.lang || document.documentElement.lang);
      this.messages = root.querySelector("template").content;
      this.spoken = "";
      this.spokenStep = 0;
      this.find("body").hidden = false;
    }

    find(part) {
      return this.root.querySelector(`.chunked-uploads-${part}`);
    }

    /** A translated sentence from the partial, with its {gaps} filled. */
    text(key, values = {}) {
      const message = this.messages.querySelector(`[data-message="${key}"]`);
      if (!message) return "";
      return message.textContent.replace(/\{(\w+)\}/g, (gap, name) => values[name]);
    }

    /** What went wrong: for the visitor a sentence, for scripts status and code. */
    describe(failure) {
      const { status = null, detail = "", answer = {} } = failure;
      const sentence = this.text(sentenceKey(failure));
      return {
        status,
        error: answer.error || (failure instanceof FileChanged ? "file_changed" : ""),
        detail,
        sentence: detail ? `${sentence} ${detail}` : sentence,
      };
    }

    // --- seen ---

    /** Show `upload`, or the way to choose a file where it is null. */
    render(upload, note) {
      const state = upload ? upload.state : "idle";
      this.root.dataset.state = state;
      this.find("drop").hidden = upload !== null;
      this.find("upload").hidden = upload === null;
      this.put("note", note);
      if (!upload) return;
      this.renderName(upload);
      this.renderProgress(upload);
      this.put("status", this.statusText(upload));
      this.put("figures", this.figures(upload).join(" · "));
      this.put("message", this.message(upload));
      this.renderActions(ACTIONS[state] || []);
    }

    put(part, text = "") {
      const element = this.find(part);
      if (element.textContent !== text) element.textContent = text;
      element.hidden = !text;
    }

    renderName({ file, state, result }) {
      const url = state === "complete" ? webAddress(result.url) : "";
      const name = this.find("name");
      const link = name.querySelector("a");
      const isShown = name.textContent === file.name && (link ? link.href : "") === url;
      if (isShown) return;
      name.title = file.name; // three lines may not show all of it
      name.textContent = url ? "" : file.name;
      if (!url) return;
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.textContent = file.name;
      name.append(anchor);
    }

    renderProgress({ state, percent, held }) {
      const progress = this.find("progress");
      const text = this.format.percent(percent);
      progress.value = percent;
      progress.setAttribute("aria-valuetext", text);
      progress.hidden = state === "ready" && !held;
      this.put("percent", progress.hidden ? "" : text);
    }

    statusText({ state }) {
      if (state === "waiting" && !navigator.onLine) return this.text("offline");
      return this.text(state);
    }

    figures({ state, file, sent, meter, timeLeft }) {
      const { format } = this;
      const total = format.bytes(file.size);
      if (state === "ready" || state === "complete") return [total];
      const figures = [this.text("bytes", { sent: format.bytes(sent), total })];
      const speed = meter.speed();
      if (state !== "uploading" || speed === null) return figures;
      figures.push(this.text("speed", { bytes: format.bytes(speed) }));
      if (timeLeft) figures.push(this.text("time-left", { time: format.duration(timeLeft) }));
      return figures;
    }

    message({ state, file, held, failure, retryAt }) {
      if (state === "ready" && held) {
        const share = this.format.percent(Math.floor((held * 100) / file.size));
        return this.text("held", { percent: share });
      }
      if (state === "failed") return this.describe(failure).sentence;
      if (state !== "waiting") return "";
      const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
      const again = this.text("again-in", { time: this.format.unit(seconds, "second") });
      return `${this.describe(failure).sentence} ${again}`;
    }

    renderActions(actions) {
      const focused = document.activeElement;
      this.root.querySelectorAll("button[data-action]").forEach((button) => {
        button.hidden = !actions.includes(button.dataset.action);
      });
      // The button that had the focus is gone: its successor takes it.
      if (focused && focused.hidden && this.root.contains(focused)) {
        this.focusOn(actions[0]);
      }
    }

    focusOn(action) {
      const button = this.root.querySelector(`[data-action="${action}"]`);
      (button || this.find("upload")).focus();
    }

    showDrag(isOver) {
      this.root.classList.toggle("chunked-uploads-is-over", isOver);
    }

    // --- heard ---

    /** Say what state the upload came to. */
    announceState(upload, note) {
      if (!upload) return this.speak(note);
      if (upload.state === "checking") return; // comes and goes with every attempt
      if (upload.state === "ready") this.spokenStep = 0;
      const failure = upload.failure ? this.describe(upload.failure).sentence : "";
      const said = [`${upload.file.name}: ${this.statusText(upload)}`, failure, note];
      this.speak(said.filter(Boolean).join(". "));
    }

    /** Say how far it is, at every quarter. */
    announceProgress({ file, percent }) {
      const step = Math.floor(percent / SPOKEN_STEP);
      if (step > this.spokenStep) this.speak(`${file.name}: ${this.format.percent(percent)}`);
      this.spokenStep = step;
    }

    speak(text) {
      if (!text || text === this.spoken) return;
      this.spoken = text;
      this.find("live").textContent = text;
    }
  }

  Object.assign(window.ChunkedUploads, { View });
})();
