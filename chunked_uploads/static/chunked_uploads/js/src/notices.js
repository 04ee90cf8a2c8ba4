"use strict";

/*
 * What goes out to the page: DOM events, and the classic callbacks.
 */
(function () {
  const { describe } = window.ChunkedUploads;

  const CALLBACKS = new Set(["start", "stop", "error", "complete"]);

  class Notices {
    constructor(root, texts) {
      this.root = root;
      this.texts = texts;
      this.started = new Set(); // uploads that the page knows to be started
      this.withdrawn = new Set(); // uploads that may come back
    }

    /** Dispatch what the upload's state is to the page. */
    reportState(upload) {
      const { state, failure, result } = upload;
      const error = failure ? describe(failure, this.texts) : {};
      this.dispatch("change", upload);
      if (this.reportWithdrawal(upload)) return;
      if (state === "queued" && !this.started.has(upload)) {
        this.started.add(upload);
        this.dispatch("start", upload);
      }
      if (state === "refused") this.dispatch("refuse", upload, error);
      if (state === "paused") this.dispatch("pause", upload);
      if (this.isError(upload)) this.dispatch("error", upload, error);
      if (state === "complete") {
        this.dispatch("complete", upload, result);
        this.callBack("video_url", result.video_url);
      }
      if (state === "cancelled") this.dispatch("cancel", upload);
      if (upload.isGoing || state === "cancelling") return;
      if (this.started.delete(upload)) this.dispatch("stop", upload);
    }

    /** Withdrawn by the visitor, who may take that back; returns whether that is the news. */
    reportWithdrawal(upload) {
      const { withdrawn } = this;
      const isWithdrawn = Boolean(upload.goneOn);
      const isRestored = !isWithdrawn && withdrawn.delete(upload) && !upload.isCancelled;
      if (isWithdrawn) withdrawn.add(upload);
      if (isWithdrawn || isRestored) this.dispatch(isWithdrawn ? "withdraw" : "restore", upload);
      return isWithdrawn || isRestored;
    }

    /** Whether it failed: a file that was refused before it was started did not. */
    isError(upload) {
      const { state, failure } = upload;
      if (state === "refused") return this.started.has(upload);
      return Boolean(failure) && ["failed", "missing"].includes(state);
    }

    /**
     * Dispatch `chunkeduploads:NAME`, and call the classic callback of that name. Returns
     * whether the page lets it be.
     */
    dispatch(name, upload, more = {}, options = {}) {
      const detail = upload ? { ...more, ...factsOf(upload) } : {};
      if (more.file) detail.file = more.file; // of one that is yet to get it
      const event = new CustomEvent(`chunkeduploads:${name}`, { bubbles: true, detail, ...options });
      const isLetBe = this.root.dispatchEvent(event);
      if (CALLBACKS.has(name)) this.callBack(name, detail);
      return isLetBe;
    }

    /** Call the page's function, however it spells it. */
    callBack(name, value) {
      const spellings = [`chunked_upload_${name}`, `chunked_uploads_${name}`];
      new Set(spellings.map((spelling) => window[spelling])).forEach((callback) => {
        if (typeof callback !== "function") return;
        try {
          callback(value);
        } catch (error) {
          // The page's mistake must not end the upload, nor stay unseen.
          setTimeout(() => {
            throw error;
          });
        }
      });
    }
  }

  function factsOf(upload) {
    const { file, path, state, name, size, held, sent, percent, timeLeft, speed, known } = upload;
    return {
      upload,
      file,
      path,
      state,
      name,
      total_size: size,
      size: held,
      sent,
      percent,
      speed,
      time_left: timeLeft,
      upload_uuid: known && known.upload_uuid,
    };
  }

  Object.assign(window.ChunkedUploads, { Notices });
})();
