"use strict";

/*
 * Cancelling by the visitor: it can be taken back for some seconds, and where much would
 * be lost it is asked for first. Only then the server is told.
 */
(function () {
  const MUCH = 100e6; // bytes

  class Withdrawing {
    constructor(above, texts) {
      this.above = above;
      this.texts = texts;
      this.pending = new Set(); // lists of uploads that can be taken back together
    }

    /** Cancel uploads: at once after a yes, else as soon as it is not taken back. */
    async withdraw(uploads) {
      if (!uploads.length) return;
      if (uploads.some(isMuch)) {
        if (await this.ask(uploads, "ask-cancel", "cancel")) uploads.forEach((upload) => upload.cancel());
        return;
      }
      this.pending.add(uploads);
      uploads.forEach((upload) => upload.withdraw());
      this.above.tell(this.textOf("cancelled", uploads), {
        undo: () => this.decide(uploads, "restore"),
        end: () => this.decide(uploads, "cancel"),
      });
    }

    /** Resolves to whether the visitor gives up what is uploaded already. */
    ask(uploads, key = "ask-replace", wanted = "replace") {
      const { texts } = this;
      const size = texts.format.bytes(uploads.reduce((sum, { held }) => sum + held, 0));
      const why = texts.text("ask-why", { size });
      return this.above.ask(this.textOf(key, uploads), why, texts.text(wanted));
    }

    /** Whether something would be lost that took its time. */
    isWorthAsking(uploads) {
      return uploads.some(isMuch);
    }

    textOf(key, uploads) {
      const { texts } = this;
      if (uploads.length === 1) return texts.text(key, { name: uploads[0].name });
      const size = texts.format.bytes(uploads.reduce((sum, each) => sum + each.size, 0));
      return texts.count(`${key}-all`, uploads.length, { size });
    }

    decide(uploads, action) {
      if (this.pending.delete(uploads)) uploads.forEach((upload) => upload[action]());
    }

    /** The page goes: tell the server by what outlives it. */
    settleInHaste() {
      this.pending.forEach((uploads) => this.decide(uploads, "cancelInHaste"));
    }
  }

  /** Whether much is on the server, or most of the file. */
  function isMuch({ held, size, isFinished }) {
    return !isFinished && held > 0 && (held > MUCH || held > size / 2);
  }

  Object.assign(window.ChunkedUploads, { Withdrawing });
})();
