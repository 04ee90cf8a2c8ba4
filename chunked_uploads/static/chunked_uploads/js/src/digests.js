"use strict";

/*
 * The digests of chunks, computed beside the page by digest.worker.js.
 */
(function () {
  const MIB = 1024 * 1024;
  // Times as fast as the line that hashing has to be. To read and hash each byte on the
  // page's computer, and to hash it again on the server, would else be what a fast line
  // waits for.
  const LEAD = 2;
  // Of so many chunks without a digest one has it all the same: what damages all of them
  // is found, and it is seen how fast hashing is by now.
  const SAMPLED = 32;

  /** Computes SHA-256, one after the other, in a worker that is made when it is needed. */
  class Digests {
    /**
     * `url` is the worker's; another origin's, as of a CDN, is of no use. `isAlways`
     * where the line is to wait.
     */
    constructor(url, isAlways = false) {
      // Browsers give crypto.subtle to secure contexts only.
      this.url = window.crypto && window.crypto.subtle && window.Worker ? url : "";
      this.isAlways = isAlways;
      this.worker = null;
      this.waiting = new Map(); // id -> what resolves
      this.last = 0;
      this.rate = Infinity; // bytes per second that are read and hashed
      this.without = 0; // chunks since the last one with a digest
    }

    /**
     * Resolves to the SHA-256 of a blob, or of bytes, in base64; null where none can be
     * had, and of a blob where the line, of `lineSpeed` bytes per second, would wait.
     */
    of(body, lineSpeed) {
      const isRead = ArrayBuffer.isView(body);
      if (!this.url || !(isRead || this.isDue(lineSpeed))) return Promise.resolve(null);
      if (isRead) return digestOf(body);
      try {
        this.worker = this.worker || this.makeWorker();
      } catch (error) {
        this.end();
        return Promise.resolve(null);
      }
      this.last += 1;
      this.worker.postMessage({ id: this.last, blob: body });
      return new Promise((resolve) => this.waiting.set(this.last, resolve));
    }

    isDue(lineSpeed) {
      const isFast = this.isAlways || this.rate >= lineSpeed * LEAD;
      this.without = isFast ? 0 : (this.without + 1) % SAMPLED;
      return this.without === 0;
    }

    makeWorker() {
      const worker = new Worker(this.url);
      worker.addEventListener("message", ({ data: { id, digest, size, seconds } }) => {
        // Of a small one the way took longer than its bytes.
        if (size >= MIB) this.rate = size / seconds;
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

  async function digestOf(bytes) {
    const hash = await window.crypto.subtle.digest("SHA-256", bytes);
    return btoa(String.fromCharCode(...new Uint8Array(hash)));
  }

  window.ChunkedUploads = Object.assign(window.ChunkedUploads || {}, { Digests });
})();
