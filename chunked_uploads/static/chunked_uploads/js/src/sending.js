"use strict";

/*
 * The missing bytes of one upload on their way: cut into chunks, each with its
 * digest, one or more of them in flight.
 */
(function () {
  const { FIRST_CHUNK, RequestFailed, failureOf } = window.ChunkedUploads;

  const CHECK = 1000; // milliseconds between two looks at whether anything moved

  // --- one request ---

  /**
   * A request that has its body's digest in a header (RFC 9530) and ends where nothing
   * has moved for `patience` seconds: some broken connections never say so.
   */
  class ChunkRequest extends XMLHttpRequest {
    constructor(chunk, patience, report) {
      super();
      this.chunk = chunk;
      this.patience = patience;
      this.isOver = false;
      this.lastMove = 0; // milliseconds, of Date.now()
      this.timer = null;
      this.upload.addEventListener("progress", (event) => {
        this.noteMove();
        report(event.loaded);
      });
      this.addEventListener("progress", () => this.noteMove());
      this.addEventListener("loadend", () => this.end());
    }

    async send(body) {
      const digest = await this.chunk.digest;
      if (this.isOver) return; // aborted meanwhile
      if (digest) this.setRequestHeader("Content-Digest", `sha-256=:${digest}:`);
      this.chunk.began = performance.now(); // the line is not slow where the digest was
      super.send(body);
      this.noteMove();
      this.timer = setInterval(() => {
        // By the clock, which goes on while the device sleeps.
        if (Date.now() - this.lastMove > this.patience * 1000) this.abort();
      }, CHECK);
    }

    abort() {
      this.end();
      super.abort();
    }

    noteMove() {
      this.lastMove = Date.now();
    }

    end() {
      this.isOver = true;
      clearInterval(this.timer);
    }
  }

  // --- all of them ---

  class Sending {
    /**
     * `upload` knows where to go on, and learns from each answer; `signal` aborts.
     *
     * Its `transport` is shared by the uploads of an uploader: `send` hands settings to
     * jQuery File Upload and returns its request, `digests` computes, `sizer` says how
     * large chunks may be on this line, `options.patience` is in seconds, and
     * `maxInFlight` gives how many chunks of one file may be in flight.
     */
    constructor(upload, signal) {
      this.upload = upload;
      this.transport = upload.transport;
      this.signal = signal;
      this.total = upload.size; // bytes
      this.arrived = upload.progress.received; // bytes, by the answers
      this.cursor = 0; // where the next chunk starts
      this.bound = 0; // where it ends at the latest
      this.inFlight = new Set(); // chunks
      this.requests = new Set();
      this.prepared = null; // the next chunk
      this.failure = null;
      this.end = () => {}; // called when nothing is in flight any more
      this.goOn();
    }

    /** Resolves when every chunk was taken; rejects with the first failure. */
    run() {
      const { signal } = this;
      const abort = () => this.stop(new RequestFailed(0));
      signal.addEventListener("abort", abort);
      return new Promise((resolve, reject) => {
        this.end = () => {
          signal.removeEventListener("abort", abort);
          if (this.failure) reject(this.failure);
          else resolve();
        };
        this.fill();
      });
    }

    get maxInFlight() {
      // The first answer brings the URL of all others.
      return this.upload.known ? this.transport.maxInFlight() : 1;
    }

    /** Go on where the server said; bytes that it has beyond a gap end nobody knows where. */
    goOn() {
      const { held, known } = this.upload;
      this.cursor = held;
      this.bound = known && known.gap ? held + known.gap : this.total;
    }

    /** Send as many chunks as may be in flight. */
    fill() {
      while (!this.failure && !this.isAtEnd && this.inFlight.size < this.maxInFlight) {
        this.send(this.nextChunk());
      }
      if (!this.inFlight.size) this.end();
    }

    // An empty file is one chunk, too.
    get isAtEnd() {
      return this.cursor >= this.bound && (this.total > 0 || this.upload.known !== null);
    }

    /** The chunk at the cursor; the digest of the one after it is computed meanwhile. */
    nextChunk() {
      const { prepared, cursor, bound } = this;
      const fits = prepared && prepared.start === cursor && prepared.stop <= bound;
      const chunk = fits ? prepared : this.prepare();
      this.cursor = chunk.stop;
      this.prepared = this.upload.known && chunk.stop < bound ? this.prepare() : null;
      return chunk;
    }

    /** Up to a multiple of what the server suggests: others cost some stores twice as much. */
    prepare() {
      const start = this.cursor;
      const step = this.upload.chunkSize;
      const edge = (Math.floor(start / step) + 1) * step;
      const stop = Math.min(start + this.chunkSize, edge, this.bound);
      const { digests, sizer } = this.transport;
      const { file, source } = this.upload;
      const bytes = source.takeBytes();
      const isWhole = bytes !== null && stop - start === this.total;
      const body = isWhole ? bytes : file.slice(start, stop);
      const digest = digests.of(body, sizer.lineSpeed);
      return { start, stop, body, digest, loaded: 0, began: 0 };
    }

    get chunkSize() {
      const { known, maxChunkSize } = this.upload;
      const isFirstOfMore = !known && this.total > maxChunkSize;
      return isFirstOfMore ? Math.min(maxChunkSize, FIRST_CHUNK) : maxChunkSize;
    }

    async send(chunk) {
      const { sizer } = this.transport;
      const size = chunk.stop - chunk.start;
      chunk.began = performance.now();
      this.inFlight.add(chunk);
      sizer.noteStart();
      try {
        const answers = await this.request(chunk).finally(() => {
          this.inFlight.delete(chunk);
          sizer.noteEnd();
        });
        sizer.noteSuccess(size, (performance.now() - chunk.began) / 1000);
        this.takeAnswer(chunk, answers);
      } catch (failure) {
        if (!failure.status && !this.failure) sizer.noteCut(size);
        const { error } = failure.answer || {};
        if (error === "range_busy") sizer.noteBusy();
        this.stop(failure);
      }
      this.fill();
    }

    request(chunk) {
      const { upload, transport } = this;
      const { start, stop } = chunk;
      const { url, headers, withCookies } = upload.chunkRequest();
      const report = (bytes) => {
        chunk.loaded = bytes;
        this.report();
      };
      return new Promise((resolve, reject) => {
        const request = transport.send({
          files: [upload.file],
          blob: chunk.body,
          contentRange: this.total ? `bytes ${start}-${stop - 1}/${this.total}` : "",
          url,
          headers,
          xhrFields: { withCredentials: withCookies },
          xhr: () => new ChunkRequest(chunk, transport.options.patience, report),
        });
        this.requests.add(request);
        request.always(() => this.requests.delete(request));
        // Not by then(), which waits for a timer, and those are slow in tabs behind.
        request.done(resolve).fail((failed) => reject(failureOf(failed, stop - start)));
      });
    }

    takeAnswer(chunk, answers) {
      const answer = Array.isArray(answers) && answers[0];
      if (!answer || !answer.url) throw new RequestFailed(200); // of somebody else
      const { upload } = this;
      // Answers may come in another order than they were given.
      if (!upload.known || answer.received >= upload.known.received) upload.learn(answer);
      const isAlone = this.inFlight.size === 0;
      this.arrived = isAlone ? upload.known.received : this.arrived + chunk.stop - chunk.start;
      this.report();
      if (!isAlone) return;
      if (upload.held < this.cursor) throw new RequestFailed(409);
      this.goOn(); // further, where bytes beyond a gap are, or somebody else was
    }

    /** Say how many bytes are there. */
    report() {
      if (this.failure) return; // nobody knows what becomes of those in flight
      const chunks = [...this.inFlight];
      this.upload.setSent(chunks.reduce((sum, chunk) => sum + this.arrivedOf(chunk), this.arrived));
    }

    /**
     * How many bytes of a chunk in flight are taken for arrived. What has left the
     * browser may be in one of the buffers on the way, so it counts no faster than the
     * last chunk arrived.
     */
    arrivedOf({ began, loaded }) {
      const seconds = (performance.now() - began) / 1000;
      return Math.min(loaded, Math.floor(seconds * this.transport.sizer.speed));
    }

    /** Start nothing more; end what is in flight where it cannot arrive. */
    stop(failure) {
      this.failure = this.failure || failure;
      if (!failure.status) this.requests.forEach((request) => request.abort());
    }
  }

  Object.assign(window.ChunkedUploads, { Sending });
})();
