"use strict";

/*
 * One file on its way: its turn, where to go on, trying again, done, cancel.
 *
 * ready -> queued -> checking -> uploading -> finishing -> complete
 *                      ^             |            |
 *                      +--------- waiting <-------+      (tries again by itself)
 * From any of these: paused, failed (both go on with start()), cancelling ->
 * cancelled. An upload that was begun elsewhere is missing its file until it gets
 * one; a file that is not taken is refused.
 */
(function () {
  const { FileChanged, OtherContent, RequestFailed, fingerprint } = window.ChunkedUploads;
  const { Retrying, Sending, ShownBytes, SpeedMeter } = window.ChunkedUploads;
  const { OUT_OF_REACH, findOnServer, recallShown, takeBack } = window.ChunkedUploads;

  const MAX_CANCEL_ATTEMPTS = 5;
  const CALM = 300; // milliseconds that what was given up may need to reach the server
  const RUNNING = new Set(["checking", "uploading", "waiting", "finishing"]);
  const IDLE = new Set(["ready", "paused", "failed"]);
  const SETTLED = new Set(["complete", "refused"]);
  const LEAVING = new Set(["cancelling", "cancelled"]);

  function randomDigits() {
    const [number] = window.crypto.getRandomValues(new Uint32Array(1));
    return number.toString(16).padStart(8, "0");
  }

  class Upload {
    /**
     * Of a `file` of the visitor's, or of what the server has `known` of one.
     *
     * `send` hands settings to jQuery File Upload and returns its request; `report`
     * is called with "state" or "progress" when there is news; `lanes` tells how many
     * chunks may be in flight, `others` which uploads the page has besides, `sizer` how
     * large chunks may be on this line; `chunkSize` is in bytes, `patience` in seconds.
     */
    constructor({ file = null, path = "", known = null }, settings) {
      Object.assign(this, settings);
      this.file = file;
      this.path = path;
      this.known = known; // the server's last answer
      this.name = file ? file.name : known.name;
      this.size = file ? file.size : known.total_size; // bytes
      this.state = file ? "ready" : "missing";
      this.isKept = false; // by the server, since it was complete when it was cancelled
      this.hasBegun = false; // so that the server may have something of it
      this.isVouchedFor = false; // by the visitor
      this.isUnproven = known !== null; // whether the file is the one that is known
      this.content = null; // the fingerprint of the file's content
      this.salt = ""; // what tells it from another file of the same fingerprint
      this.held = known ? known.size : 0; // bytes from the start on, without a gap
      this.sent = known ? known.received : 0; // bytes, some of which may be in flight
      this.shown = new ShownBytes(this.size, this.sent, known ? recallShown(known) : 0);
      this.failure = null;
      this.result = null; // the answer of done
      this.meter = new SpeedMeter();
      this.sending = null;
      this.calmAt = 0; // milliseconds, of performance.now()
      this.retrying = new Retrying(this.server, (failure) => this.wait(failure));
      this.controller = new AbortController();
      this.furthest = 0; // bytes that the server ever had
    }

    /** Whole per cents; the hundredth is for the server to give. */
    get percent() {
      if (this.state === "complete") return 100;
      if (!this.size) return 0;
      return Math.min(99, Math.floor((this.shown.bytes * 100) / this.size));
    }

    /** By which the server knows the file's content. */
    get fingerprint() {
      const { content, salt } = this;
      return content && content.slice(0, content.length - salt.length) + salt;
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

    get isSettled() {
      return SETTLED.has(this.state);
    }

    get isLeaving() {
      return LEAVING.has(this.state);
    }

    /** Bytes of which a chunk has no more. */
    get mostAtOnce() {
      return Math.min(this.chunkSize, this.server.largestChunk, this.sizer.most);
    }

    /** Whether to send it is as easily said as to ask; the server knows it if it has it. */
    get isSmallAndNew() {
      return !this.known && !this.hasBegun && this.size <= this.mostAtOnce;
    }

    get isAllThere() {
      return this.known !== null && this.known.size >= this.size;
    }

    /** Seconds, or null where nobody can tell. */
    get timeLeft() {
      const speed = this.speed;
      return speed ? (this.size - this.sent) / speed : null;
    }

    /** Bytes per second, or null where nothing is sent or it is too early to tell. */
    get speed() {
      return this.state === "uploading" ? this.meter.speed() : null;
    }

    // --- what the visitor does ---

    /** Begin or go on, when it is this upload's turn. */
    start() {
      if (!this.isIdle) return;
      this.takeTurn();
      this.setState("queued");
    }

    /** Don't take the file; `refusal` says why. */
    refuse(refusal) {
      this.setState("refused", refusal);
    }

    /**
     * Give an upload that is missing its file a file, which is yet to be proven: the
     * visitor's word is enough only where the server knows no fingerprint.
     */
    attach({ file, path = "" }, { isVouchedFor = false, isToStart = true } = {}) {
      this.file = file;
      this.path = path;
      this.isVouchedFor = isVouchedFor;
      this.setState(isToStart ? "queued" : "ready");
    }

    /** Stop what is in flight. Only start() goes on. */
    async pause() {
      if (!this.isGoing) return;
      const signal = this.takeTurn();
      this.setState("paused");
      await this.peek(signal);
    }

    /** Learn what the server has of the file, and keep quiet where that fails. */
    async peek(signal) {
      try {
        if (this.known && !this.isAllThere) await this.askWhereToGoOn(signal);
      } catch (failure) {
        // start() will meet it again, and tell
      }
      if (signal.aborted) return;
      // What was in flight is not more than hoped for.
      this.setSent(Math.min(this.sent, this.known ? this.known.received : 0));
    }

    /** Have the server forget the upload. What is complete stays. */
    async cancel() {
      if (this.isSettled || this.isLeaving) return;
      const signal = this.takeTurn();
      this.setState("cancelling");
      let failure = null;
      try {
        const attempt = () => takeBack(this, signal);
        this.isKept = await this.retrying.persist(attempt, signal, MAX_CANCEL_ATTEMPTS);
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

    /** When the next attempt is due: milliseconds, as Date.now() gives them. */
    get retryAt() {
      return this.retrying.retryAt;
    }

    // --- the way ---

    /** Send the file and keep at it: called when it is this upload's turn. */
    async run() {
      const signal = this.takeTurn();
      try {
        this.result = await this.retrying.persist(() => this.advance(signal), signal);
        if (signal.aborted) return;
        this.held = this.sent = this.size;
        this.shown.note(this.size);
        this.setState("complete");
      } catch (failure) {
        if (!signal.aborted) this.fail(failure);
      }
    }

    fail(failure) {
      if (failure.isOfOtherFile || failure.isOfWholeFile) this.letGo();
      if (failure.isOfOtherFile) this.salt = randomDigits();
      if (failure.isOfWholeFile) {
        this.refuse(failure);
        return;
      }
      const isFileLost = failure instanceof FileChanged && this.known !== null;
      if (isFileLost || failure instanceof OtherContent) {
        this.file = null;
        this.isUnproven = true;
      }
      this.setState(this.file ? "failed" : "missing", failure);
    }

    /** Have nothing more to do with the upload on the server. */
    letGo() {
      this.known = null;
      this.hasBegun = false;
      this.held = this.sent = 0;
      this.shown = new ShownBytes(this.size);
    }

    async advance(signal) {
      if (signal.aborted) throw new RequestFailed(0);
      if (!this.isAllThere || this.isUnproven) {
        this.setState("checking");
        if (this.isSmallAndNew) await this.checkFile();
        else await this.askWhereToGoOn(signal);
        if (signal.aborted) throw new RequestFailed(0);
        this.hasBegun = true;
        if (!this.isAllThere) await this.sendTheRest(signal);
        if (signal.aborted) throw new RequestFailed(0);
      }
      this.setState("finishing");
      return this.finish(signal);
    }

    async sendTheRest(signal) {
      await this.server.authenticate();
      if (signal.aborted) throw new RequestFailed(0);
      this.meter.reset();
      this.meter.add(this.sent);
      this.setState("uploading");
      this.sending = new Sending(this, signal);
      try {
        await this.sending.run();
      } catch (failure) {
        if (!signal.aborted) this.endSending();
        throw failure;
      }
      this.sending = null;
      if (!this.isAllThere) throw new RequestFailed(409);
    }

    async finish(signal) {
      try {
        return await this.server.finish(this.known, signal);
      } catch (failure) {
        // Not all bytes are there after all, or the upload is out of reach.
        if (failure.status === 409 && failure.answer.size >= 0) {
          this.known.size = failure.answer.size;
        }
        if (OUT_OF_REACH.has(failure.status)) this.known = null;
        throw failure;
      }
    }

    /** The one place where the server is asked for the next byte's offset. */
    async askWhereToGoOn(signal) {
      await Promise.all([this.checkFile(), this.calm()]);
      if (signal.aborted) throw new RequestFailed(0);
      const answer = await findOnServer(this, signal);
      if (signal.aborted) throw new RequestFailed(0);
      const { known } = this;
      if (known && (!answer || answer.upload_uuid !== known.upload_uuid)) this.letGo();
      this.isUnproven = false;
      this.known = null;
      this.held = 0;
      if (answer) this.learn(answer);
      this.setSent(answer ? answer.received : 0);
    }

    /** Compare the file with what it was when it was first looked at. */
    async checkFile() {
      let current;
      try {
        current = await fingerprint(this.file);
      } catch (error) {
        throw new FileChanged(error.message);
      }
      const isOther = this.content && this.content !== current;
      if (isOther && !this.isUnproven) throw new FileChanged();
      this.content = current;
    }

    /** URL, headers and mode of the next chunk: they change with the first answer. */
    chunkRequest() {
      return this.server.chunkRequest(this);
    }

    learn(answer) {
      this.known = { ...this.known, ...answer };
      if (answer.chunk_size > 0) this.chunkSize = answer.chunk_size;
      this.held = answer.size;
      if (answer.size > this.furthest) {
        this.furthest = answer.size;
        this.retrying.reset();
      }
    }

    setSent(bytes) {
      this.sent = Math.min(bytes, this.size);
      this.shown.note(this.sent);
      this.meter.add(this.sent);
      this.report("progress");
    }

    // --- small things ---

    /** Time goes by: a line that stands still is a slower one. */
    tick() {
      if (this.sending) this.sending.report();
    }

    /** Wait until what was given up just now has reached the server, or never will. */
    calm() {
      const left = this.calmAt - performance.now();
      return left > 0 ? new Promise((resolve) => setTimeout(resolve, left)) : null;
    }

    /** Stop whatever this upload is doing; the returned signal is for the next. */
    takeTurn() {
      this.controller.abort();
      if (this.sending) this.endSending();
      this.controller = new AbortController();
      return this.controller.signal;
    }

    /** What was in flight may be on its way into the server still. */
    endSending() {
      this.sending = null;
      this.calmAt = performance.now() + CALM;
    }

    setState(state, failure = null) {
      this.state = state;
      this.failure = failure;
      this.report("state");
    }
  }

  Object.assign(window.ChunkedUploads, { Upload });
})();
