"use strict";

/*
 * What is heard of one uploader.
 */
(function () {
  const { describe } = window.ChunkedUploads;

  const STEP = 25; // per cent
  const DELAY = 700; // milliseconds in which announcements are gathered

  class Speaking {
    /** `live` is the element whose text is read out, null where the page has none. */
    constructor(live, texts) {
      this.live = live;
      this.texts = texts;
      this.unsaid = new Map(); // topic -> text
      this.said = new WeakMap(); // upload -> what was said to be wrong with it
      this.step = 0;
    }

    /** Say what state an upload came to, where that is worth saying. */
    announceState(upload, queue) {
      const { texts } = this;
      const { state, name, failure } = upload;
      const said = `${name}: ${texts.text(state)}`;
      if (failure && !upload.isCancelled) {
        this.sayOnce(upload, `${said}. ${describe(failure, texts).sentence}`);
        return;
      }
      const isAlone = queue.completeness.count < 2;
      if (state === "paused" || (isAlone && (state === "uploading" || state === "complete"))) {
        this.say(said, name);
      }
    }

    /** Say how all ended, when nothing is on its way any more. */
    announceEnd(total) {
      if (total.count + total.refused > 1) this.say(this.texts.end(total).join(", "), "end");
    }

    /** Say what is wrong with an upload, and not again with every attempt. */
    sayOnce(upload, text) {
      if (this.said.get(upload) !== text) this.say(text, upload.name);
      this.said.set(upload, text);
    }

    sayAdded(number) {
      this.say(this.texts.count("added", number));
    }

    /** Say how far all are together, at every quarter. */
    announceProgress(percent) {
      const step = Math.floor(percent / STEP);
      if (step > this.step) this.say(this.texts.format.percent(percent), "progress");
      this.step = step;
    }

    /** Say `text`, with what else comes up in the same moment: the last of each topic. */
    say(text, topic = text) {
      if (!this.unsaid.size) setTimeout(() => this.speak(), DELAY);
      this.unsaid.delete(topic);
      this.unsaid.set(topic, text);
    }

    speak() {
      // Many at once are a flood: the last ones stand for all.
      if (this.live) this.live.textContent = [...this.unsaid.values()].slice(-3).join("\n");
      this.unsaid.clear();
    }
  }

  Object.assign(window.ChunkedUploads, { Speaking });
})();
