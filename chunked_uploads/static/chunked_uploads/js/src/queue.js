"use strict";

/*
 * The uploads of one uploader, in the order in which they have their turns.
 */
(function () {
  const { FIRST_CHUNK, Register, SpeedMeter, keyOf } = window.ChunkedUploads;

  // Browsers open six connections to a server over HTTP/1.1; some stay free.
  const MAX_REQUESTS = 4;
  // So many times more files run where they are one small request each: all connections
  // of a browser, each of which is free again at once.
  const SMALL_ONES = 1.5;
  const RUNNING = ["checking", "uploading", "waiting", "finishing"];
  const BEGUN = [...RUNNING, "ready", "queued", "paused", "failed"];

  class Queue {
    /**
     * At most `files` are in flight at once, and `ranges` of one file. `everywhere`
     * gives the queues of the page.
     */
    constructor({ files, ranges, everywhere }) {
      this.files = files;
      this.smallFiles = Math.floor(files * SMALL_ONES);
      this.ranges = ranges;
      this.everywhere = everywhere;
      this.register = new Register();
      this.added = new Set();
      this.names = new Map(); // name and size -> uploads of them
      this.sent = new Map(); // upload that is sent -> bytes, as they were last noted
      this.moved = 0; // bytes that went since all began
      this.meter = new SpeedMeter();
      this.busy = 0; // milliseconds in which anything ran
      this.began = null; // when that began, of performance.now()
    }

    get uploads() {
      return [...this.added];
    }

    get running() {
      return this.register.list(...RUNNING);
    }

    get isRunning() {
      return this.register.count(...RUNNING) > 0;
    }

    /** Whether anything is on its way, or waits for its turn. */
    get isGoing() {
      return this.register.count(...RUNNING, "queued") > 0;
    }

    /** Those with a file that is here and was not refused. */
    get counted() {
      return this.register.list(...BEGUN, "complete");
    }

    /** Those who run last: whoever stops all in this order frees no turn for another. */
    get waitingFirst() {
      return this.uploads.sort((one, other) => one.isRunning - other.isRunning);
    }

    add(upload) {
      this.added.add(upload);
      const key = keyOf(upload);
      if (!this.names.has(key)) this.names.set(key, new Set());
      this.names.get(key).add(upload);
    }

    remove(upload) {
      this.added.delete(upload);
      this.names.get(keyOf(upload)).delete(upload);
      this.register.drop(upload);
      if (!this.added.size) this.beginAnew();
    }

    has(upload) {
      return this.added.has(upload);
    }

    /** Those of the name and size of a file. */
    named(file) {
      return [...(this.names.get(keyOf(file)) || [])];
    }

    /** Note that an upload changed its state. */
    note(upload) {
      this.register.note(upload);
      const { isRunning } = this;
      if (isRunning && this.began === null) {
        this.began = performance.now();
        this.meter.reset(this.moved);
      } else if (!isRunning && this.began !== null) {
        this.busy += performance.now() - this.began;
        this.began = null;
      }
      this.noteSent(upload);
    }

    /** Note how many bytes went: what the server had before did not go by this line. */
    noteSent(upload) {
      const before = this.sent.get(upload);
      const isSent = upload.state === "uploading";
      if (before !== undefined && (isSent || upload.sent === upload.size)) {
        this.moved += Math.max(0, upload.sent - before);
        this.meter.add(this.moved);
      }
      if (isSent) this.sent.set(upload, upload.sent);
      else this.sent.delete(upload);
    }

    beginAnew() {
      this.busy = this.moved = 0;
      this.began = null;
    }

    /** Start as many of those that wait as may run at once. */
    startNext() {
      if (this.register.count(...RUNNING) >= this.smallFiles) return;
      for (const upload of this.register.list("queued")) {
        const running = this.register.count(...RUNNING);
        if (running >= this.smallFiles) return;
        const isItsTurn = running < this.files || upload.size <= FIRST_CHUNK;
        if (isItsTurn && upload.state === "queued" && !this.hasTwin(upload)) upload.run();
      }
    }

    // By name and size the server would take two such files for one.
    hasTwin(upload) {
      return this.everywhere().some((queue) => queue.named(upload).some((each) => each.isRunning));
    }

    /** How many chunks of one file may be in flight. */
    maxInFlight() {
      const running = this.everywhere().reduce(
        (sum, { register }) => sum + register.count(...RUNNING),
        0,
      );
      const share = Math.floor(MAX_REQUESTS / Math.max(1, running));
      return Math.max(1, Math.min(this.ranges, share));
    }

    /** Those whose row is in the list. */
    get shown() {
      return this.added.size - this.register.count("cancelling");
    }

    get failed() {
      return this.register.list("failed");
    }

    /** How many files are complete, of those that are here and were not refused. */
    get completeness() {
      const { register } = this;
      const complete = register.count("complete");
      return { complete, count: complete + register.count(...BEGUN) };
    }

    /** How far all are together; bytes, bytes per second, seconds. */
    total() {
      const { register } = this;
      const begun = register.list(...BEGUN);
      const { complete, count } = this.completeness;
      const done = register.size("complete");
      const size = done + begun.reduce((sum, each) => sum + each.size, 0);
      const sent = done + begun.reduce((sum, { progress }) => sum + progress.shown.bytes, 0);
      const going = register.list(...RUNNING, "queued");
      const rest = going.reduce((sum, each) => sum + each.size - each.sent, 0);
      const speed = this.isRunning ? this.meter.speed() || null : null;
      const share = size ? Math.min(99, Math.floor((sent * 100) / size)) : 0;
      return {
        count,
        complete,
        failed: register.count("failed"),
        refused: register.count("refused"),
        missing: register.count("missing"),
        isGoing: going.length > 0,
        paused: register.count("paused"),
        ready: register.count("ready"),
        isResting: register.count("paused", "ready") > 0,
        size,
        sent,
        done,
        speed,
        timeLeft: speed ? rest / speed : null,
        seconds: (this.busy + (this.began === null ? 0 : performance.now() - this.began)) / 1000,
        percent: begun.length || !count ? share : 100,
      };
    }
  }

  Object.assign(window.ChunkedUploads, { Queue });
})();
