"use strict";

/*
 * The digests of chunks, computed beside the page by digest.worker.js.
 */
(function () {
  /** Computes SHA-256, one after the other, in a worker that is made when it is needed. */
  class Digests {
    /** `url` is the worker's; another origin's, as of a CDN, is of no use. */
    constructor(url) {
      // Browsers give crypto.subtle to secure contexts only.
      this.url = window.crypto && window.crypto.subtle && window.Worker ? url : "";
      this.worker = null;
      this.waiting = new Map(); // id -> what resolves
      this.last = 0;
    }

    /** Resolves to the blob's SHA-256, base64; null where none can be had. */
    of(blob) {
      if (!this.url) return Promise.resolve(null);
      try {
        this.worker = this.worker || this.makeWorker();
      } catch (error) {
        this.end();
        return Promise.resolve(null);
      }
      this.last += 1;
      this.worker.postMessage({ id: this.last, blob });
      return new Promise((resolve) => this.waiting.set(this.last, resolve));
    }

    makeWorker() {
      const worker = new Worker(this.url);
      worker.addEventListener("message", ({ data: { id, digest } }) => {
        const resolve = this.waiting.get(id);
        this.waiting.delete(id);
        if (resolve) resolve(digest);
      });
      worker.addEventListener("error", () => this.end());
      return worker;
    }

    /** Do without digests from here on: the worker can't be loaded, or may go. */
    end() {
      this.url = "";
      if (this.worker) this.worker.terminate();
      this.worker = null;
      this.waiting.forEach((resolve) => resolve(null));
      this.waiting.clear();
    }
  }

  window.ChunkedUploads = Object.assign(window.ChunkedUploads || {}, { Digests });
})();
