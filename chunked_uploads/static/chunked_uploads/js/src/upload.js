"use strict";

/*
 * One file on its way: its states, what the visitor does, and its turn.
 *
 * ready -> queued -> checking -> uploading -> finishing -> complete
 *                      ^             |            |
 *                      +--------- waiting <-------+      (tries again by itself)
 * From any of these: paused, failed (both go on with start()), cancelling ->
 * cancelled. An upload that was begun elsewhere is missing its file until it gets
 * one; a file that is not taken is refused.
 */
(function () {
  const { Advancing, FileChanged, FileRefused, OtherContent, Progress } = window.ChunkedUploads;
  const { Retrying, Source, cancelOnServer, findByFile, recallShown } = window.ChunkedUploads;

  const MAX_CANCEL_ATTEMPTS = 5;
  const RUNNING = new Set(["checking", "uploading", "waiting", "finishing"]);
  const IDLE = new Set(["ready", "paused", "failed"]);
  const FINISHED = new Set(["complete", "refused"]);
  const CANCELLED = new Set(["cancelling", "cancelled"]);

  class Upload {
    /**
     * Of a `file` of the visitor's, of what the server has `known` of one, or of one that
     * was `finished` before the page was opened.
     *
     * `transport` is what Sending needs; `report` is called with "state" or "progress"
     * when there is news; `others` gives the uploads that the page has besides;
     * `chunkSize` is in bytes, until the server suggests another.
     */
    constructor(
      { file = null, path = "", known = null, finished = null, handle = null },
      { server, transport, others, report, chunkSize },
    ) {
      this.server = server;
      this.transport = transport;
      this.others = others;
      this.report = report;
      this.chunkSize = chunkSize;
      const { name, size } = file || finished || { name: known.name, size: known.total_size };
      this.name = name;
      this.size = size; // bytes; null where nobody said how many
      this.state = finished ? "complete" : file ? "ready" : "missing";
      this.failure = null;
      this.result = finished; // the answer of done
      this.metadata = path ? { relativePath: path } : {}; // strings, for the server
      this.goneOn = null; // how to go on where it was withdrawn, see restore()
      this.isKept = false; // by the server, since it was complete when it was cancelled
      this.source = new Source(file, path, handle);
      this.progress = new Progress(this.size, known, known ? recallShown(known) : 0);
      this.retrying = new Retrying(server, (failure) => this.wait(failure));
      this.advancing = new Advancing(this);
      this.controller = new AbortController(); // of what it is doing
    }

    get isRunning() {
      return RUNNING.has(this.state);
    }

    get isIdle() {
      return IDLE.has(this.state);
    }

    /** Whether it is on its way, or waits for its turn. */
    get isGoing() {
      return this.isRunning || this.state === "queued";
    }

    get isFinished() {
      return FINISHED.has(this.state);
    }

    /** Whether the visitor cancelled it, also where the server does not know it yet. */
    get isCancelled() {
      return CANCELLED.has(this.state);
    }

    // --- what the page reads ---

    get file() {
      return this.source.file;
    }

    /** By which the browser may give the file again; null where it has none. */
    get handle() {
      return this.source.handle;
    }

    get path() {
      return this.source.path;
    }

    get known() {
      return this.progress.known;
    }

    get held() {
      return this.progress.held;
    }

    get sent() {
      return this.progress.sent;
    }

    get percent() {
      return this.state === "complete" ? 100 : this.progress.percent;
    }

    /** Bytes per second, or null where nothing is sent or it is too early to tell. */
    get speed() {
      return this.state === "uploading" ? this.progress.speed : null;
    }

    /** Seconds, or null where nobody can tell. */
    get timeLeft() {
      const { speed } = this;
      return speed ? (this.size - this.sent) / speed : null;
    }

    /** When the next attempt is due: milliseconds, as Date.now() gives them. */
    get retryAt() {
      return this.retrying.retryAt;
    }

    // --- what the visitor does ---

    /** Begin or go on, when it is this upload's turn. */
    start() {
      if (!this.isIdle) return;
      this.interrupt();
      this.setState("queued");
    }

    /** Don't take the file; `refusal` says why: a failure, or a sentence of the page's. */
    refuse(refusal) {
      const isSentence = typeof refusal === "string";
      this.interrupt();
      this.setState("refused", isSentence ? new FileRefused("own", {}, refusal) : refusal);
    }

    /**
     * Give an upload that is missing its file a file, which is yet to be verified: the
     * visitor's word is enough only where the server knows no fingerprint.
     */
    attach(origin, { isConfirmed = false, isToStart = true } = {}) {
      this.source.replace(origin, isConfirmed);
      this.setState(isToStart ? "queued" : "ready");
    }

    /** Stop what is in flight. Only start() goes on. */
    async pause() {
      if (!this.isGoing) return;
      const signal = this.interrupt();
      this.setState("paused");
      try {
        if (this.known && !this.progress.isAllThere) await this.advancing.askWhereToGoOn(signal);
      } catch (failure) {
        // start() will meet it again, and say so
      }
      if (signal.aborted) return;
      // What was in flight is no longer hoped for.
      this.setSent(Math.min(this.sent, this.progress.received));
    }

    /** Stop, as cancelled as far as is seen; restore() takes that back until cancel(). */
    withdraw() {
      if (this.isFinished || this.isCancelled) return;
      const { failure, isGoing, state } = this;
      this.interrupt();
      this.goneOn = () => this.setState(isGoing ? "queued" : state, failure);
      this.setState("cancelling");
    }

    /** Go on where it was withdrawn. */
    restore() {
      const { goneOn } = this;
      this.goneOn = null;
      if (goneOn) goneOn();
    }

    /** Cancel without waiting for anything, since the page is about to go. */
    cancelInHaste() {
      if (this.known) this.server.removeInHaste(this.known);
      this.goneOn = null;
      this.setState("cancelled"); // the page may come back as it was left
    }

    /** Have the server forget the upload. What is complete stays. */
    async cancel() {
      if (this.isFinished || (this.isCancelled && !this.goneOn)) return;
      this.goneOn = null;
      const signal = this.interrupt();
      this.setState("cancelling");
      let failure = null;
      const attempt = async () => {
        // The answer to the first chunk may have been lost.
        if (!this.known && this.progress.hasBegun) {
          this.progress.find(await findByFile(this, signal));
        }
        return cancelOnServer(this.progress, this.server, signal);
      };
      try {
        this.isKept = await this.retrying.repeat(attempt, signal, MAX_CANCEL_ATTEMPTS);
      } catch (error) {
        failure = error; // the server's clean-up will find it
      }
      this.setState("cancelled", failure);
    }

    /** Don't wait any longer for what may be over now: a network or a login away. */
    wake() {
      if (this.state === "waiting" && [0, 401].includes(this.failure.status)) {
        this.retrying.endWaiting();
      }
    }

    wait(failure) {
      if (this.state !== "cancelling") this.setState("waiting", failure);
    }

    // --- its turn ---

    /** Send the file and keep at it: called when it is this upload's turn. */
    async run() {
      const signal = this.interrupt();
      try {
        this.result = await this.retrying.repeat(() => this.advancing.run(signal), signal);
        if (signal.aborted) return;
        this.progress.complete();
        this.setState("complete");
      } catch (failure) {
        if (!signal.aborted) this.fail(failure);
      }
    }

    fail(failure) {
      if (failure.isOfOtherFile || failure.isOfWholeFile) this.progress.reset();
      if (failure.isOfOtherFile) this.source.addSalt();
      if (failure.isOfWholeFile) {
        this.refuse(failure);
        return;
      }
      const isFileLost = failure instanceof FileChanged && this.known !== null;
      if (isFileLost || failure instanceof OtherContent) this.source.lose();
      this.setState(this.file ? "failed" : "missing", failure);
    }

    // --- what Sending asks and says ---

    /** Bytes of which a chunk has no more. */
    get maxChunkSize() {
      return Math.min(this.chunkSize, this.server.largestChunk, this.transport.sizer.largest);
    }

    /** URL, headers and mode of the next chunk: they change with the first answer. */
    chunkRequest() {
      const { known, metadata, source } = this;
      return this.server.chunkRequest({ known, metadata, fingerprint: source.fingerprint });
    }

    learn(answer) {
      if (answer.size > this.progress.furthest) this.retrying.reset();
      this.progress.learn(answer);
      if (answer.chunk_size > 0) this.chunkSize = answer.chunk_size;
    }

    setSent(bytes) {
      this.progress.noteSent(bytes);
      this.report("progress");
    }

    // --- small things ---

    /** Time goes by: show what that changes. */
    tick() {
      this.advancing.tick();
    }

    /** Stop whatever this upload is doing; the returned signal is for the next. */
    interrupt() {
      this.source.dropBytes();
      this.controller.abort();
      this.advancing.interrupt();
      this.controller = new AbortController();
      return this.controller.signal;
    }

    setState(state, failure = null) {
      this.state = state;
      this.failure = failure;
      this.report("state");
    }
  }

  Object.assign(window.ChunkedUploads, { Upload });
})();
