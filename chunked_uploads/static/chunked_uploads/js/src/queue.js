"use strict";

/*
 * The uploads of one uploader, in the order in which they have their turns.
 */
(function () {
  // Browsers open six connections to a server over HTTP/1.1; some stay free.
  const MAX_REQUESTS = 4;

  class Queue {
    /**
     * At most `files` are in flight at once, and `ranges` of one file. `everywhere`
     * gives the uploads of all the page's queues.
     */
    constructor({ files, ranges, everywhere }) {
      this.files = files;
      this.ranges = ranges;
      this.everywhere = everywhere;
      this.uploads = [];
    }

    get running() {
      return this.uploads.filter((upload) => upload.isRunning);
    }

    /** Those with a file that is here and was not refused. */
    get counted() {
      return this.uploads.filter(({ state }) => !["missing", "refused"].includes(state));
    }

    /** Those who run last: whoever stops all in this order frees no turn for another. */
    get waitingFirst() {
      return [...this.uploads].sort((one, other) => one.isRunning - other.isRunning);
    }

    add(upload) {
      this.uploads.push(upload);
    }

    remove(upload) {
      this.uploads = this.uploads.filter((each) => each !== upload);
    }

    /** Start as many of those that wait as may run at once. */
    startNext() {
      if (this.running.length >= this.files) return;
      let running = this.runningEverywhere();
      for (const upload of this.uploads) {
        if (upload.state !== "queued" || hasTwin(upload, running)) continue;
        upload.run();
        if (this.running.length >= this.files) return;
        running = this.runningEverywhere(); // it may have let others begin
      }
    }

    runningEverywhere() {
      return this.everywhere().filter(({ isRunning }) => isRunning);
    }

    /** How many chunks of one file may be in flight. */
    maxInFlight() {
      const share = Math.floor(MAX_REQUESTS / Math.max(1, this.runningEverywhere().length));
      return Math.max(1, Math.min(this.ranges, share));
    }

    /** How far all are together; bytes, bytes per second, seconds. */
    total() {
      const uploads = this.counted;
      const sum = (value) => uploads.reduce((total, upload) => total + value(upload), 0);
      const size = sum((upload) => upload.size);
      const sent = sum(({ progress }) => progress.shown.bytes);
      const left = uploads.filter(({ isGoing }) => isGoing);
      const rest = left.reduce((total, upload) => total + upload.size - upload.sent, 0);
      const complete = uploads.filter(({ state }) => state === "complete").length;
      const speed = sum((upload) => upload.speed || 0);
      const isComplete = complete === uploads.length;
      const share = size ? Math.min(99, Math.floor((sent * 100) / size)) : 0;
      return {
        count: uploads.length,
        complete,
        size,
        sent,
        speed: speed || null,
        timeLeft: speed ? rest / speed : null,
        percent: isComplete ? 100 : share,
      };
    }
  }

  // By name and size the server would take two such files for one.
  function hasTwin({ name, size }, running) {
    return running.some((other) => other.name === name && other.size === size);
  }

  Object.assign(window.ChunkedUploads, { Queue });
})();
