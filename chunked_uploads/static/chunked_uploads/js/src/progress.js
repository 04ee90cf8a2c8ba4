"use strict";

/*
 * How far one upload is: what the server has of it, what is shown of that, how fast it
 * goes.
 */
(function () {
  const WINDOW = 10000; // milliseconds that a speed is the mean of
  const FIRST_SPEED_AFTER = 1500; // milliseconds; an earlier one is a guess

  /** The mean speed of the last ten seconds: a pause in the flow slows it down. */
  class SpeedMeter {
    constructor() {
      this.samples = []; // of { bytes, now }, the oldest first
    }

    /** Begin anew, with `bytes` of the file sent. */
    reset(bytes) {
      this.samples = [];
      this.add(bytes);
    }

    /** Note that `bytes` of the file are sent now. */
    add(bytes, now = performance.now()) {
      const last = this.samples[this.samples.length - 1];
      if (last && bytes < last.bytes) this.samples = [];
      this.samples.push({ bytes, now });
      // The oldest that is kept is the last one outside of the window.
      while (this.samples.length > 2 && now - this.samples[1].now > WINDOW) {
        this.samples.shift();
      }
    }

    /** Bytes per second; null where it is too early to tell. */
    speed(now = performance.now()) {
      if (this.samples.length < 2) return null;
      const first = this.samples[0];
      const last = this.samples[this.samples.length - 1];
      const elapsed = now - first.now;
      if (elapsed < FIRST_SPEED_AFTER) return null;
      return ((last.bytes - first.bytes) * 1000) / elapsed;
    }
  }

  /**
   * The bytes that are shown as sent, of a file of `size`: they never go back. Where
   * fewer are there than was shown, the rest of the way makes good for it, little by
   * little, so that what is shown does not stand still either.
   */
  class ShownBytes {
    /** Of which `there` bytes are there, and `shown` were shown already. */
    constructor(size, there = 0, shown = 0) {
      this.size = size;
      this.bytes = Math.min(Math.max(there, shown), size);
      this.base = { there, shown: this.bytes };
    }

    /** Note that `there` bytes are there. */
    note(there) {
      const { base, size } = this;
      const way = size - base.there;
      const share = way > 0 ? (there - base.there) / way : 1;
      const bytes = Math.round(base.shown + share * (size - base.shown));
      if (bytes < this.bytes) this.base = { there, shown: this.bytes };
      else this.bytes = Math.min(bytes, size);
    }
  }

  class Progress {
    /**
     * Of a file of `size` bytes, null where nobody said how many, of which `known` is what the server said, null for a
     * new one. A page before this one may have shown `shownBefore` bytes.
     */
    constructor(size, known = null, shownBefore = 0) {
      this.size = size;
      this.known = known; // the server's last answer
      this.hasBegun = false; // so that the server may have something of it
      this.held = known ? known.size : 0; // bytes from the start on, without a gap
      this.sent = known ? known.received : 0; // bytes, some of which may be in flight
      this.furthest = 0; // bytes that the server ever held
      this.shown = new ShownBytes(size, this.sent, shownBefore);
      this.meter = new SpeedMeter();
    }

    /** Bytes that the server has, also beyond a gap. */
    get received() {
      return this.known ? this.known.received : 0;
    }

    get isAllThere() {
      const { known, size } = this;
      return known !== null && size !== null && known.size >= size;
    }

    /** As it is shown, whole; the hundredth is for the server to give. */
    get percent() {
      if (!this.size) return 0;
      return Math.min(99, Math.floor((this.shown.bytes * 100) / this.size));
    }

    /** Bytes per second, or null where it is too early to tell. */
    get speed() {
      return this.meter.speed();
    }

    /** The first chunk is about to leave. */
    begin() {
      this.hasBegun = true;
    }

    /** Measure the speed from here on. */
    startMeter() {
      this.meter.reset(this.sent);
    }

    /** The server's answer says what the upload's state is. */
    learn(answer) {
      this.known = { ...this.known, ...answer };
      this.held = answer.size;
      this.furthest = Math.max(this.furthest, answer.size);
    }

    /** The server was asked anew: it has the upload of `answer` now, or none (null). */
    replace(answer) {
      const { known } = this;
      if (known && (!answer || answer.upload_uuid !== known.upload_uuid)) this.reset();
      this.known = answer;
      this.held = answer ? answer.size : 0;
    }

    /** The server has this upload of the file, or none (null). */
    find(answer) {
      this.known = answer;
    }

    /** The server holds `size` bytes, and not what it said before. */
    correct(size) {
      this.known = { ...this.known, size };
    }

    /** The upload is out of reach by what was known of it. */
    lose() {
      this.known = null;
    }

    /** Have nothing more to do with the upload on the server. */
    reset() {
      this.known = null;
      this.hasBegun = false;
      this.held = this.sent = 0;
      this.shown = new ShownBytes(this.size);
    }

    noteSent(bytes) {
      this.sent = Math.min(bytes, this.size);
      this.shown.note(this.sent);
      this.meter.add(this.sent);
    }

    complete() {
      this.held = this.sent = this.size;
      this.shown.note(this.size);
    }
  }

  Object.assign(window.ChunkedUploads, { Progress, ShownBytes, SpeedMeter });
})();
