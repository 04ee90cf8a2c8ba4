"use strict";

/*
 * The missing bytes of one upload on their way: cut into chunks, each with its
 * digest, one or more of them in flight.
 */
(function () {
  const { RequestFailed, SMALLEST_CHUNK, failureOf } = window.ChunkedUploads;

  const KIB = 1024;
  // Of a larger file, so that a refusal comes before much was sent in vain.
  const FIRST = 256 * KIB; // bytes
  const TOO_LONG = 20; // seconds for a chunk; some proxies cut a request after 30
  const SHORT = 5; // seconds; chunks may grow again
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

  // --- how large ---

  /** The size of the next chunk by what the last ones took. */
  class ChunkSizer {
    constructor() {
      this.most = Infinity; // bytes
    }

    noteSuccess(bytes, seconds) {
      if (seconds > TOO_LONG) this.limit((bytes / seconds) * (TOO_LONG / 2));
      else if (seconds < SHORT) this.most *= 2;
    }

    /** A cut chunk may be lost as a whole where a proxy collects it first. */
    noteCut(bytes) {
      this.limit(bytes / 2);
    }

    limit(bytes) {
      this.most = Math.max(SMALLEST_CHUNK, Math.floor(bytes / SMALLEST_CHUNK) * SMALLEST_CHUNK);
    }
  }

  // --- all of them ---

  class Sending {
    /** `upload` knows where to go on; `signal` aborts. */
    constructor(upload, signal) {
      this.upload = upload;
      this.total = upload.file.size;
      this.cursor = upload.held;
      this.landed = upload.known ? upload.known.received : 0;
      // Bytes of an earlier sending lie behind a gap; nobody knows where they end.
      this.isMending = this.landed > this.cursor;
      this.flying = new Map(); // chunk -> its bytes that have left
      this.requests = new Set();
      this.prepared = null;
      this.failure = null;
      this.signal = signal;
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
      return this.upload.known && !this.isMending ? this.upload.lanes() : 1;
    }

    pump() {
      while (!this.failure && !this.isAtEnd && this.flying.size < this.lanes) {
        this.launch(this.take());
      }
      if (!this.flying.size) this.settle();
    }

    // An empty file is one chunk, too.
    get isAtEnd() {
      return this.cursor >= this.total && (this.total > 0 || this.upload.known !== null);
    }

    /** The chunk at the cursor; the next one's digest is computed meanwhile. */
    take() {
      const { prepared, cursor } = this;
      const chunk = prepared && prepared.start === cursor ? prepared : this.prepare();
      this.cursor = chunk.stop;
      this.prepared = null;
      if (this.upload.known && chunk.stop < this.total) this.prepared = this.prepare();
      return chunk;
    }

    prepare() {
      const start = this.cursor;
      const stop = Math.min(start + this.chunkSize(), this.total);
      const blob = this.upload.file.slice(start, stop);
      return { start, stop, blob, digest: this.upload.digests.of(blob) };
    }

    chunkSize() {
      const { upload } = this;
      const { chunkSize, gap, server, sizer } = upload;
      const size = Math.min(chunkSize, gap, server.largestChunk, sizer.most);
      return upload.known || this.total <= size ? size : Math.min(size, FIRST);
    }

    async launch(chunk) {
      const { upload } = this;
      const size = chunk.stop - chunk.start;
      const began = performance.now();
      this.flying.set(chunk, 0);
      try {
        const answers = await this.request(chunk);
        this.flying.delete(chunk);
        upload.sizer.noteSuccess(size, (performance.now() - began) / 1000);
        this.takeAnswer(chunk, answers);
      } catch (failure) {
        this.flying.delete(chunk);
        failure.chunkSize = size;
        const { gap, error } = failure.answer || {};
        if (gap > 0) upload.gap = gap;
        if (!failure.status && !this.failure) upload.sizer.noteCut(size);
        // It may be so for a while: no large body is to learn that each time.
        if (error === "range_busy") upload.sizer.limit(SMALLEST_CHUNK);
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
              this.flying.set(chunk, bytes);
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
      const isAlone = this.flying.size === 0;
      if (isAlone && answer.size < chunk.stop) throw new RequestFailed(409);
      upload.gap = Infinity;
      // Answers may come in another order than they were given.
      const size = Math.max(answer.size, upload.held);
      const received = Math.max(answer.received, size);
      upload.learn({ ...answer, size, received });
      this.landed = isAlone ? received : this.landed + chunk.stop - chunk.start;
      this.report();
      if (!isAlone) return;
      // Perhaps somebody else sent what comes next.
      this.cursor = Math.max(this.cursor, upload.held);
      if (answer.received === answer.size) this.isMending = false;
    }

    report() {
      const flying = [...this.flying.values()].reduce((sum, bytes) => sum + bytes, 0);
      this.upload.setSent(this.landed + flying);
    }

    /** Start nothing more; end what is in flight where it cannot arrive. */
    stop(failure) {
      this.failure = this.failure || failure;
      if (!failure.status) this.requests.forEach((request) => request.abort());
    }
  }

  Object.assign(window.ChunkedUploads, { ChunkSizer, Sending });
})();
