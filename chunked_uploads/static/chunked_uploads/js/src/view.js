"use strict";

/*
 * What is seen and heard of one uploader: its list, the total, announcements.
 */
(function () {
  const { Formatter, Piece, Row, describe } = window.ChunkedUploads;

  const SPOKEN_STEP = 25; // per cent
  const REDRAW = 100; // milliseconds between two pictures of the progress
  const SUM = ["total-line", "total-progress", "total-figures"]; // of several files
  const SPEECH_DELAY = 700; // milliseconds in which announcements are gathered

  /** The page's own words, and numbers in its language. */
  class Texts {
    constructor(root) {
      this.format = new Formatter(root.lang || document.documentElement.lang);
      this.messages = root.querySelector(".chunked-uploads-messages").content;
    }

    /** A translated sentence of the page, with its {gaps} filled. */
    text(key, values = {}) {
      const message = this.messages.querySelector(`[data-message="${key}"]`);
      if (!message) return "";
      return message.textContent.replace(/\{(\w+)\}/g, (gap, name) => values[name]);
    }

    /** Speed and time left, as far as they are known, each a text. */
    pace(speed, timeLeft) {
      const texts = [];
      if (speed === null) return texts;
      texts.push(this.format.speed(speed));
      if (timeLeft) texts.push(this.text("time-left", { time: this.format.duration(timeLeft) }));
      return texts;
    }
  }

  class View extends Piece {
    constructor(root, limits) {
      super(root);
      this.texts = new Texts(root);
      this.template = root.querySelector(".chunked-uploads-row-template");
      this.rows = new Map(); // upload -> Row
      this.changed = new Set(); // uploads
      this.isRenderingSoon = false;
      this.hasEnded = false;
      this.unsaid = new Map(); // topic -> text
      this.said = new WeakMap(); // upload -> what was said to be wrong with it
      this.spokenStep = 0;
      this.renderLimits(limits);
      this.clear();
      this.find("body").hidden = false;
    }

    // --- seen ---

    /** Show no file, also where the partial was used before it was put here. */
    clear() {
      this.find("list").replaceChildren();
      this.find("list").hidden = this.find("total").hidden = true;
      this.element.dataset.state = "idle";
    }

    /** Draw no more: the partial was taken out, and may be put back for another view. */
    end() {
      this.hasEnded = true;
    }

    renderLimits({ maxSize, extensions }) {
      const { texts } = this;
      const sentences = [];
      if (maxSize < Infinity) sentences.push(texts.text("up-to", { size: texts.format.bytes(maxSize) }));
      if (extensions.length) sentences.push(texts.text("types", { types: extensions.join(", ") }));
      this.put("limits", sentences.join(" "));
    }

    add(upload) {
      const row = new Row(upload, this.template, this.texts);
      this.rows.set(upload, row);
      const list = this.find("list");
      list.append(row.element);
      list.hidden = false; // at once: what is hidden takes no focus
    }

    /** Take a row away; the focus goes to its neighbour, or to where files come in. */
    remove(upload) {
      const { element } = this.rows.get(upload);
      const hasFocus = element.contains(document.activeElement);
      const neighbour = element.nextElementSibling || element.previousElementSibling;
      element.remove();
      this.rows.delete(upload);
      if (!hasFocus) return;
      const row = [...this.rows.values()].find((each) => each.element === neighbour);
      if (row) row.focus();
      else this.find("input").focus();
    }

    uploadOf(element) {
      const found = [...this.rows].find(([, row]) => row.element === element);
      return found ? found[0] : null;
    }

    /** Show what changed in a moment, however often it changes until then. */
    renderSoon(upload, queue) {
      this.changed.add(upload);
      this.renderTotalSoon(queue);
    }

    renderTotalSoon(queue) {
      if (this.isRenderingSoon) return;
      this.isRenderingSoon = true;
      setTimeout(() => {
        this.isRenderingSoon = false;
        if (this.hasEnded) return;
        this.changed.forEach((upload) => this.render(upload));
        this.changed.clear();
        this.renderTotal(queue);
      }, REDRAW);
    }

    render(upload) {
      const row = this.rows.get(upload);
      if (row) row.render();
    }

    renderTotal(queue) {
      const { texts } = this;
      const total = queue.total();
      const isSum = total.count > 1;
      this.element.dataset.state = stateOf(queue);
      this.find("list").hidden = queue.uploads.length === 0;
      SUM.forEach((part) => {
        this.find(part).hidden = !isSum;
      });
      this.renderActions(queue, isSum);
      if (!isSum) return;
      const percent = texts.format.percent(total.percent);
      this.put("total-status", texts.text("complete-of", this.counts(total)));
      this.put("total-percent", percent);
      const progress = this.find("total-progress");
      progress.value = total.percent;
      progress.setAttribute("aria-valuetext", percent);
      const size = texts.format.bytes(total.size);
      const sent = texts.format.bytes(total.sent);
      const bytes = total.percent < 100 ? texts.text("bytes", { sent, total: size }) : size;
      const figures = [bytes, ...texts.pace(total.speed, total.timeLeft)];
      this.put("total-figures", figures.join(" · "));
    }

    counts({ complete, count }) {
      const { format } = this.texts;
      return { done: format.number(complete), count: format.number(count) };
    }

    renderActions({ uploads }, areSeveral) {
      const has = (...states) => uploads.some(({ state }) => states.includes(state));
      const isGoing = uploads.some((upload) => upload.isGoing);
      const shown = {
        startAll: areSeveral && has("ready"),
        resumeAll: areSeveral && has("paused", "failed"),
        pauseAll: areSeveral && isGoing,
        cancelAll: areSeveral && (isGoing || has("paused", "failed")),
        clear: uploads.length > 1 && has("complete", "refused"),
      };
      const total = this.find("total");
      const buttons = [...total.querySelectorAll("[data-action]")];
      const focused = buttons.find((button) => button === document.activeElement);
      total.hidden = !areSeveral && !shown.clear;
      buttons.forEach((button) => {
        button.hidden = !shown[button.dataset.action];
      });
      // The button that had the focus is gone: its successor takes it.
      if (focused && focused.hidden) {
        (buttons.find((button) => !button.hidden) || this.find("input")).focus();
      }
    }

    /** "near" where files are dragged over the page, "over" over the uploader. */
    showDrag(where) {
      this.element.classList.toggle("chunked-uploads-is-near", where !== "");
      this.element.classList.toggle("chunked-uploads-is-over", where === "over");
    }

    // --- heard ---

    /** Say what state an upload came to, where that is worth saying. */
    announceState(upload, queue) {
      const { texts } = this;
      const { state, name, failure } = upload;
      const isAlone = queue.counted.length < 2;
      const said = `${name}: ${texts.text(state)}`;
      if (failure && state !== "cancelled") {
        this.sayOnce(upload, `${said}. ${describe(failure, texts).sentence}`);
      } else if (state === "paused" || (isAlone && ["uploading", "complete"].includes(state))) {
        this.say(said, name);
      } else if (state === "complete" && queue.total().percent === 100) {
        this.say(texts.text("all-complete"), name);
      }
    }

    /** Say what is wrong with an upload, and not again with every attempt. */
    sayOnce(upload, text) {
      if (this.said.get(upload) !== text) this.say(text, upload.name);
      this.said.set(upload, text);
    }

    sayAdded(number) {
      this.say(this.texts.text("added", { count: this.texts.format.number(number) }));
    }

    /** Say how far all are together, at every quarter. */
    announceProgress(queue) {
      const { percent } = queue.total();
      const step = Math.floor(percent / SPOKEN_STEP);
      if (step > this.spokenStep) this.say(this.texts.format.percent(percent), "progress");
      this.spokenStep = step;
    }

    /** Say `text`, with what else comes up in the same moment: the last of each topic. */
    say(text, topic = text) {
      if (!this.unsaid.size) setTimeout(() => this.speak(), SPEECH_DELAY);
      this.unsaid.delete(topic);
      this.unsaid.set(topic, text);
    }

    speak() {
      // Many at once are a flood: the last ones stand for all.
      this.find("live").textContent = [...this.unsaid.values()].slice(-3).join("\n");
      this.unsaid.clear();
    }

    note(text) {
      this.put("note", text);
      if (text) this.say(text);
    }
  }

  /** One word for all uploads together, for style sheets and scripts. */
  function stateOf({ uploads, running, counted }) {
    if (!uploads.length) return "idle";
    if (running.length) return "running";
    const has = (state) => counted.some((upload) => upload.state === state);
    if (has("failed")) return "failed";
    if (has("paused")) return "paused";
    return counted.length && counted.every(({ state }) => state === "complete")
      ? "complete"
      : "waiting";
  }

  Object.assign(window.ChunkedUploads, { View });
})();
