"use strict";

/*
 * The missing bytes of one upload on their way: cut into chunks, each with its
 * digest, one or more of them in flight.
 */
(function () {
  const { FIRST_CHUNK, RequestFailed, SMALLEST_CHUNK, failureOf } = window.ChunkedUploads;

  const CHECK = 1000; // milliseconds

  // --- one request ---

  /**
   * A request that tells its body's digest (RFC 9530) and ends where nothing has
   * moved for `patience` seconds: some broken connections never tell.
   */
  class ChunkRequest extends XMLHttpRequest {
    constructor(digest, patience, report) {
      super();
      this.digest = digest;
      this.patience = patience;
      this.isOver = false;
      this.upload.addEventListener("progress", (event) => {
        this.moved();
        report(event.loaded);
      });
      this.addEventListener("progress", () => this.moved());
      this.addEventListener("loadend", () => this.end());
    }

    async send(body) {
      const digest = await this.digest;
      if (this.isOver) return; // aborted meanwhile
      if (digest) this.setRequestHeader("Content-Digest", `sha-256=:${digest}:`);
      super.send(body);
      this.moved();
      this.watch = setInterval(() => {
        // By the clock, which goes on while the device sleeps.
        if (Date.now() - this.lastMove > this.patience * 1000) this.abort();
      }, CHECK);
    }

    abort() {
      this.end();
      super.abort();
    }

    moved() {
      this.lastMove = Date.now();
    }

    end() {
      this.isOver = true;
      clearInterval(this.watch);
    }
  }

  // --- all of them ---

  class Sending {
    /** `upload` knows where to go on; `signal` aborts. */
    constructor(upload, signal) {
      this.upload = upload;
      this.total = upload.file.size;
      this.landed = upload.known ? upload.known.received : 0;
      this.flying = new Set(); // chunks
      this.requests = new Set();
      this.prepared = null;
      this.failure = null;
      this.signal = signal;
      this.goOn();
    }

    /** Resolves when every chunk was taken; rejects with the first failure. */
    run() {
      const { signal } = this;
      const abort = () => this.stop(new RequestFailed(0));
      signal.addEventListener("abort", abort);
      return new Promise((resolve, reject) => {
        this.settle = () => {
          signal.removeEventListener("abort", abort);
          if (this.failure) reject(this.failure);
          else resolve();
        };
        this.pump();
      });
    }

    get lanes() {
      // The first answer brings the URL of all others.
      return this.upload.known ? this.upload.lanes() : 1;
    }

    /** Go on where the server said; bytes that it has beyond a gap end nobody knows where. */
    goOn() {
      const { held, known } = this.upload;
      this.cursor = held;
      this.bound = known && known.gap ? held + known.gap : this.total;
    }

    pump() {
      while (!this.failure && !this.isAtEnd && this.flying.size < this.lanes) {
        this.launch(this.take());
      }
      if (!this.flying.size) this.settle();
    }

    // An empty file is one chunk, too.
    get isAtEnd() {
      return this.cursor >= this.bound && (this.total > 0 || this.upload.known !== null);
    }

    /** The chunk at the cursor; the next one's digest is computed meanwhile. */
    take() {
      const { prepared, cursor, bound } = this;
      const fits = prepared && prepared.start === cursor && prepared.stop <= bound;
      const chunk = fits ? prepared : this.prepare();
      this.cursor = chunk.stop;
      this.prepared = null;
      if (this.upload.known && chunk.stop < bound) this.prepared = this.prepare();
      return chunk;
    }

    prepare() {
      const start = this.cursor;
      const stop = Math.min(start + this.chunkSize(), this.bound);
      const blob = this.upload.file.slice(start, stop);
      const digest = this.upload.digests.of(blob);
      return { start, stop, blob, digest, left: 0, began: 0 };
    }

    chunkSize() {
      const { known, mostAtOnce } = this.upload;
      return known || this.total <= mostAtOnce ? mostAtOnce : Math.min(mostAtOnce, FIRST_CHUNK);
    }

    async launch(chunk) {
      const { sizer } = this.upload;
      const size = chunk.stop - chunk.start;
      chunk.began = performance.now();
      this.flying.add(chunk);
      try {
        const answers = await this.request(chunk);
        this.flying.delete(chunk);
        sizer.noteSuccess(size, (performance.now() - chunk.began) / 1000);
        this.takeAnswer(chunk, answers);
      } catch (failure) {
        this.flying.delete(chunk);
        failure.chunkSize = size;
        if (!failure.status && !this.failure) sizer.noteCut(size);
        // It may be so for a while: no large body is to learn that each time.
        const { error } = failure.answer || {};
        if (error === "range_busy") sizer.limit(SMALLEST_CHUNK);
        this.stop(failure);
      }
      this.pump();
    }

    request(chunk) {
      const { upload } = this;
      const { start, stop } = chunk;
      const { url, headers, withCookies } = upload.chunkRequest();
      return new Promise((resolve, reject) => {
        const request = upload.send({
          files: [upload.file],
          blob: chunk.blob,
          contentRange: this.total ? `bytes ${start}-${stop - 1}/${this.total}` : "",
          url,
          headers,
          xhrFields: { withCredentials: withCookies },
          xhr: () =>
            new ChunkRequest(chunk.digest, upload.patience, (bytes) => {
              chunk.left = bytes;
              this.report();
            }),
        });
        this.requests.add(request);
        request.always(() => this.requests.delete(request));
        // Not by then(), which waits for a timer, and those are slow in tabs behind.
        request.done(resolve).fail((failed) => reject(failureOf(failed)));
      });
    }

    takeAnswer(chunk, answers) {
      const answer = Array.isArray(answers) && answers[0];
      if (!answer || !answer.url) throw new RequestFailed(200); // of somebody else
      const { upload } = this;
      // Answers may come in another order than they were given.
      if (!upload.known || answer.received >= upload.known.received) upload.learn(answer);
      const isAlone = this.flying.size === 0;
      this.landed = isAlone ? upload.known.received : this.landed + chunk.stop - chunk.start;
      this.report();
      if (!isAlone) return;
      if (upload.held < this.cursor) throw new RequestFailed(409);
      this.goOn(); // further, where bytes beyond a gap are, or somebody else was
    }

    /** Tell the upload how much is there. */
    report() {
      if (this.failure) return; // nobody knows what becomes of those in flight
      const flying = [...this.flying].reduce((sum, chunk) => sum + this.arrived(chunk), 0);
      this.upload.setSent(this.landed + flying);
    }

    /**
     * How many bytes of a chunk in flight are taken for arrived. What has left the
     * browser may be in one of the buffers on the way, so it counts no faster than the
     * last chunk arrived.
     */
    arrived({ began, left }) {
      const seconds = (performance.now() - began) / 1000;
      return Math.min(left, Math.floor(seconds * this.upload.sizer.speed));
    }

    /** Start nothing more; end what is in flight where it cannot arrive. */
    stop(failure) {
      this.failure = this.failure || failure;
      if (!failure.status) this.requests.forEach((request) => request.abort());
    }
  }

  Object.assign(window.ChunkedUploads, { Sending });
})();
