"use strict";

/*
 * Cancelling by the visitor: it can be taken back for some seconds, and where much would
 * be lost it is asked for first. Only then the server is told.
 */
(function () {
  const MUCH = 100e6; // bytes

  class Withdrawing {
    /** `view` tells and asks. */
    constructor(view) {
      this.view = view;
      this.pending = new Set(); // uploads that can be taken back
    }

    /**
     * Cancel uploads: at once after a yes, else as soon as it is not taken back. Resolves
     * to whether they are.
     */
    async withdraw(uploads) {
      const wanted = uploads.filter(({ isFinished, isCancelled }) => !isFinished && !isCancelled);
      if (!wanted.length) return false;
      if (this.isWorthAsking(wanted)) {
        if (!(await this.ask(wanted, "ask-cancel", "cancel"))) return false;
        wanted.forEach((upload) => upload.cancel());
        this.view.tell(this.textOf("cancelled", wanted), {});
        return true;
      }
      wanted.forEach((upload) => {
        this.pending.add(upload);
        upload.withdraw();
      });
      this.tell();
      return true;
    }

    /** Tell of all that can be taken back, together. */
    tell() {
      this.view.tell(this.textOf("cancelled", [...this.pending]), {
        undo: () => this.takeBack(),
        end: () => this.settle(),
      });
    }

    /** Resolves to whether the visitor gives up what is uploaded already. */
    ask(uploads, key = "ask-replace", wanted = "replace") {
      const { above, texts } = this.view;
      const size = texts.format.bytes(uploads.reduce((sum, { held }) => sum + held, 0));
      const why = texts.text("ask-why", { size });
      return above.ask(this.textOf(key, uploads), why, texts.text(wanted));
    }

    /** Whether something would be lost that took its time. */
    isWorthAsking(uploads) {
      return uploads.some((upload) => isMuch(upload, this.view.isCompact));
    }

    textOf(key, uploads) {
      const { texts } = this.view;
      if (uploads.length === 1) return texts.text(key, { name: uploads[0].name });
      const size = texts.format.bytes(uploads.reduce((sum, each) => sum + each.size, 0));
      return texts.count(`${key}-all`, uploads.length, { size });
    }

    takeBack() {
      const uploads = [...this.pending];
      this.pending.clear();
      uploads.forEach((upload) => upload.restore());
      this.view.speaking.say(this.textOf("undone", uploads));
      this.view.focusRow(uploads[0]);
    }

    /** Take one back, whose file was chosen again. */
    reclaim(upload) {
      if (!this.pending.delete(upload)) return;
      upload.restore();
      if (this.pending.size) this.tell();
      else this.view.above.hideToast();
    }

    /** Nobody takes them back any more: tell the server. */
    settle(action = "cancel") {
      const uploads = [...this.pending];
      this.pending.clear();
      uploads.forEach((upload) => upload[action]());
    }

    /** What could be taken back is final: something else takes its place. */
    settleNow() {
      if (this.pending.size) this.view.above.dismissToast();
    }

    /** The page goes: tell the server by what outlives it. */
    settleInHaste() {
      if (!this.pending.size) return;
      this.settle("cancelInHaste");
      this.view.above.hideToast();
    }
  }

  /**
   * Whether much is on the server, or most of the file. Finished files stay there, but for
   * those that a form has not taken yet.
   */
  function isMuch({ held, size, isFinished, state }, isInForm) {
    if (isFinished) return isInForm && state === "complete" && held > MUCH;
    return held > 0 && (held > MUCH || (size !== null && held > size / 2));
  }

  Object.assign(window.ChunkedUploads, { Withdrawing });
})();
