"use strict";

/*
 * One file on its way: where to go on, sending, trying again, done, cancel.
 *
 * ready -> checking -> uploading -> finishing -> complete
 *              ^           |            |
 *              +-------- waiting <------+      (tries again by itself)
 * From any of these: paused, failed (both go on with start()), cancelling ->
 * cancelled.
 */
(function () {
  const { RequestFailed, SpeedMeter, failureOf, fingerprint } = window.ChunkedUploads;

  const DEFAULT_CHUNK_SIZE = 8 * 1024 * 1024;
  const SMALLEST_CHUNK_SIZE = 64 * 1024;
  const FIRST_PAUSE = 1; // seconds
  const LONGEST_PAUSE = 60; // seconds
  // Of answers that don't get better; a network that is away is waited for.
  const MAX_REFUSALS = 30;
  const MAX_CANCEL_ATTEMPTS = 5;
  const GONE = new Set([404, 410]);
  const OUT_OF_REACH = new Set([401, 403, ...GONE]);
  const RUNNING = new Set(["checking", "uploading", "waiting", "finishing"]);

  /** The file on the visitor's disk is not what it was, or cannot be read. */
  class FileChanged extends Error {}

  class Upload {
    /**
     * `send` hands settings to jQuery File Upload and returns its request;
     * `report` is called with "state" or "progress" when there is news.
     */
    constructor(file, { server, send, report, chunkSize }) {
      this.file = file;
      this.server = server;
      this.send = send;
      this.report = report;
      this.suggestedChunkSize = chunkSize || DEFAULT_CHUNK_SIZE;
      this.largestChunkSize = Infinity; // that a proxy lets through
      this.meter = new SpeedMeter();
      this.controller = new AbortController();
      this.state = "ready";
      this.fingerprint = null;
      this.known = null; // the server's last answer
      this.held = 0; // bytes that the server has without a gap
      this.sent = 0; // bytes, with those of the chunk in flight
      this.failure = null;
      this.furthest = 0; // bytes that the server ever had
      this.attempts = 0; // since it had more than ever
      this.retryAt = 0; // milliseconds, as Date.now() gives them
      this.hasRenewed = false; // credentials, since then
      this.isAstray = false; // the server means another offset than we do
      this.gap = Infinity; // bytes up to a range that another sender brought
      this.result = null; // the answer of done
    }

    /** Whole per cents; the hundredth is for the server to give. */
    get percent() {
      if (this.state === "complete") return 100;
      if (!this.file.size) return 0;
      return Math.min(99, Math.floor((this.sent * 100) / this.file.size));
    }

    get isRunning() {
      return RUNNING.has(this.state);
    }

    get isAllThere() {
      return this.known !== null && this.known.size >= this.file.size;
    }

    get chunkSize() {
      return Math.min(this.suggestedChunkSize, this.largestChunkSize, this.gap);
    }

    /** Seconds, or null where nobody can tell. */
    get timeLeft() {
      const speed = this.state === "uploading" ? this.meter.speed() : null;
      return speed ? (this.file.size - this.sent) / speed : null;
    }

    // --- what the visitor does ---

    /** Begin or go on, and keep at it. */
    async start() {
      const signal = this.takeTurn();
      this.attempts = 0;
      this.hasRenewed = false;
      if (this.failure && [401, 403].includes(this.failure.status)) {
        this.server.renewCsrfToken();
      }
      try {
        this.result = await this.persist(() => this.advance(signal), signal);
        this.held = this.sent = this.file.size;
        this.setState("complete");
      } catch (failure) {
        if (!signal.aborted) this.setState("failed", failure);
      }
    }

    /** Stop what is in flight. Only start() goes on. */
    async pause() {
      const signal = this.takeTurn();
      this.setState("paused");
      await this.peek(signal);
    }

    /** Learn what the server has of the file, and keep quiet where that fails. */
    async peek(signal = this.takeTurn()) {
      try {
        await this.askWhereToGoOn(signal);
      } catch (failure) {
        return; // start() will meet it again, and tell
      }
      this.report("progress");
    }

    /** Have the server forget the upload. */
    async cancel() {
      const signal = this.takeTurn();
      this.attempts = 0;
      this.hasRenewed = false;
      this.setState("cancelling");
      let failure = null;
      try {
        await this.persist(() => this.remove(signal), signal, MAX_CANCEL_ATTEMPTS);
      } catch (error) {
        failure = error; // the server's clean-up will find it
      }
      this.setState("cancelled", failure);
    }

    /** Don't wait any longer, where it is the network that was waited for. */
    wake() {
      if (this.state === "waiting" && this.failure.status === 0) this.endWaiting();
    }

    // --- the way ---

    async advance(signal) {
      if (!this.isAllThere) {
        this.setState("checking");
        const offset = await this.askWhereToGoOn(signal);
        if (!this.isAllThere) await this.sendFrom(offset, signal);
      }
      this.setState("finishing");
      return this.finish(signal);
    }

    async finish(signal) {
      try {
        return await this.server.finish(this.known, signal);
      } catch (failure) {
        // Not all bytes are there after all, or the upload is out of reach.
        if (failure.status === 409) this.known.size = failure.answer.size || 0;
        if (OUT_OF_REACH.has(failure.status)) this.known = null;
        throw failure;
      }
    }

    /** The one place where the server is asked for the next byte's offset. */
    async askWhereToGoOn(signal) {
      await this.checkFile();
      const answer = (await this.askByUrl(signal)) || (await this.askByFile(signal));
      if (signal.aborted) throw new RequestFailed(0);
      this.known = null;
      this.held = 0;
      if (answer) this.learn(answer);
      this.setSent(this.held);
      return this.held;
    }

    async askByUrl(signal) {
      if (!this.known) return null;
      try {
        return await this.server.state(this.known, signal);
      } catch (failure) {
        // The upload is gone or its token is; its name may still find it.
        if (OUT_OF_REACH.has(failure.status)) return null;
        throw failure;
      }
    }

    async askByFile(signal) {
      const answers = await this.server.matching(this.file, this.fingerprint, signal);
      const own = answers.filter((answer) => answer.total_size === this.file.size);
      return own.sort((one, other) => other.size - one.size)[0] || null;
    }

    /** Compare the file with what it was when it was first looked at. */
    async checkFile() {
      let current;
      try {
        current = await fingerprint(this.file);
      } catch (error) {
        throw new FileChanged(error.message);
      }
      if (this.fingerprint && this.fingerprint !== current) throw new FileChanged();
      this.fingerprint = current;
    }

    learn(answer) {
      this.known = { ...this.known, ...answer };
      if (answer.chunk_size > 0) this.suggestedChunkSize = answer.chunk_size;
      this.held = answer.size;
      if (answer.size > this.furthest) {
        this.furthest = answer.size;
        this.attempts = 0;
        this.hasRenewed = false;
      }
    }

    setSent(bytes) {
      this.sent = Math.min(bytes, this.file.size);
      this.meter.add(this.sent);
      this.report("progress");
    }

    // --- chunks, by jQuery File Upload ---

    async sendFrom(offset, signal) {
      await this.server.authenticate();
      if (signal.aborted) throw new RequestFailed(0);
      this.meter.reset();
      this.meter.add(offset);
      this.isAstray = false;
      this.setState("uploading");
      this.takeAnswer(await this.request(offset, signal));
      if (!this.isAllThere) throw new RequestFailed(409);
    }

    /** Send all that follows `offset`; resolves to the last chunk's answer. */
    request(offset, signal) {
      return new Promise((resolve, reject) => {
        const request = this.send({
          files: [this.file],
          uploadedBytes: offset,
          maxChunkSize: () => this.chunkSize,
          upload: this,
          signal,
          ...this.chunkSettings(),
        });
        signal.addEventListener("abort", () => request.abort());
        request.then(resolve, (failed) =>
          reject(this.isAstray ? new RequestFailed(409) : failureOf(failed)),
        );
      });
    }

    /** URL, headers and mode of the next chunk: they change with the first answer. */
    chunkSettings() {
      const request = this.server.chunkRequest(this.known, this.fingerprint);
      return {
        url: request.url,
        headers: request.headers,
        xhrFields: { withCredentials: request.withCookies },
      };
    }

    /** A chunk landed; `next` is where jQuery File Upload means to go on. */
    takeChunk(answers, next) {
      this.takeAnswer(answers);
      // It cannot be sent back to 0, nor by a Range that it was not let read.
      this.isAstray = this.isAstray || this.held !== next;
    }

    takeAnswer(answers) {
      const answer = Array.isArray(answers) && answers[0];
      this.gap = Infinity;
      if (answer && answer.url) this.learn(answer);
      else this.isAstray = true; // some 2xx of somebody else's
    }

    // --- trying again ---

    /** Repeat `operation` until it succeeds or there is no hope. */
    async persist(operation, signal, maxAttempts = Infinity) {
      for (;;) {
        try {
          return await operation();
        } catch (failure) {
          if (signal.aborted) throw failure;
          await this.recover(failure, signal, maxAttempts);
        }
      }
    }

    async recover(failure, signal, maxAttempts) {
      if (failure.status === 401) return this.renewCredentials(failure);
      if (failure.status === 413) return this.shrinkChunks(failure);
      const { gap } = failure.answer || {};
      if (gap > 0) this.gap = gap;
      this.attempts += 1;
      const limit = failure.status ? Math.min(maxAttempts, MAX_REFUSALS) : maxAttempts;
      if (!failure.isCurable || this.attempts >= limit) throw failure;
      const growing = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.attempts - 1));
      const jittered = growing * (0.5 + Math.random() / 2);
      return this.wait(Math.max(jittered, failure.retryAfter), failure, signal);
    }

    // A token that is no longer good is cured by asking with the credentials again.
    async renewCredentials(failure) {
      const { canRenewCredentials } = this.server;
      if (this.hasRenewed || !(this.known || canRenewCredentials)) throw failure;
      this.hasRenewed = true;
      if (!canRenewCredentials) return;
      try {
        await this.server.authenticate(true);
      } catch (error) {
        throw navigator.onLine ? failure : new RequestFailed(0);
      }
    }

    // A proxy's 413 is about the chunk; the app's own is about the file.
    shrinkChunks(failure) {
      const size = Math.min(this.chunkSize, this.file.size);
      if (failure.isFromUploads || size <= SMALLEST_CHUNK_SIZE) throw failure;
      this.largestChunkSize = Math.max(SMALLEST_CHUNK_SIZE, Math.floor(size / 2));
    }

    async wait(seconds, failure, signal) {
      this.retryAt = Date.now() + seconds * 1000;
      if (this.state !== "cancelling") this.setState("waiting", failure);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        this.endWaiting = resolve;
        signal.addEventListener("abort", resolve);
        signal.addEventListener("abort", () => clearTimeout(timer));
      });
      if (signal.aborted) throw failure;
    }

    // --- small things ---

    async remove(signal) {
      // The answer to the first chunk may have been lost.
      if (!this.known && this.fingerprint) this.known = await this.askByFile(signal);
      if (!this.known) return;
      try {
        await this.server.remove(this.known, signal);
      } catch (failure) {
        if (GONE.has(failure.status)) return;
        // A token ends with its upload: perhaps an earlier attempt got through.
        if (OUT_OF_REACH.has(failure.status) && !(await this.askByFile(signal))) return;
        throw failure;
      }
    }

    /** Stop whatever this upload is doing; the returned signal is for the next. */
    takeTurn() {
      this.controller.abort();
      this.controller = new AbortController();
      return this.controller.signal;
    }

    setState(state, failure = null) {
      this.state = state;
      this.failure = failure;
      this.report("state");
    }
  }

  Object.assign(window.ChunkedUploads, { FileChanged, Upload });
})();
