"use strict";

/*
 * The steps of one upload to its end: ask where to go on, send what is missing, done.
 */
(function () {
  const { OUT_OF_REACH, RequestFailed, Sending, findOnServer } = window.ChunkedUploads;

  const ABORTING = 300; // milliseconds that what was aborted may need to reach the server

  function throwIfAborted(signal) {
    if (signal.aborted) throw new RequestFailed(0);
  }

  class Advancing {
    constructor(upload) {
      this.upload = upload;
      this.sending = null;
      this.quietAt = 0; // milliseconds, of performance.now(): what was aborted has ended
    }

    /** Go all the steps that are left; resolves to the answer of done. */
    async run(signal) {
      const { progress, source } = this.upload;
      throwIfAborted(signal);
      if (!progress.isAllThere || source.isUnverified) {
        this.upload.setState("checking");
        // To send a small new file is as easily done as to ask; the server knows it.
        if (this.isSmallAndNew) await source.check();
        else await this.askWhereToGoOn(signal);
        throwIfAborted(signal);
        progress.begin();
        if (!progress.isAllThere) await this.sendTheRest(signal);
        throwIfAborted(signal);
      }
      this.upload.setState("finishing");
      return this.finish(signal);
    }

    get isSmallAndNew() {
      const { maxChunkSize, progress, server, size } = this.upload;
      return server.hasLetIn && !progress.known && !progress.hasBegun && size <= maxChunkSize;
    }

    /** The one place where the server is asked for the next byte's offset. */
    async askWhereToGoOn(signal) {
      const { progress, source } = this.upload;
      await Promise.all([source.check(), this.waitForAborted()]);
      throwIfAborted(signal);
      const answer = await findOnServer(this.upload, signal);
      throwIfAborted(signal);
      source.verify();
      progress.replace(answer);
      if (answer) this.upload.learn(answer);
      this.upload.setSent(progress.received);
    }

    async sendTheRest(signal) {
      const { progress, server } = this.upload;
      await server.authenticate();
      throwIfAborted(signal);
      progress.startMeter();
      this.upload.setState("uploading");
      this.sending = new Sending(this.upload, signal);
      try {
        await this.sending.run();
      } catch (failure) {
        if (!signal.aborted) this.interrupt();
        throw failure;
      }
      this.sending = null;
      if (!progress.isAllThere) throw new RequestFailed(409);
    }

    async finish(signal) {
      const { progress, server } = this.upload;
      try {
        return await server.finish(progress.known, signal);
      } catch (failure) {
        // Not all bytes are there after all, or the upload is out of reach.
        const { status, answer } = failure;
        if (status === 409 && answer.size >= 0) progress.correct(answer.size);
        if (OUT_OF_REACH.has(status)) progress.lose();
        throw failure;
      }
    }

    /** What is in flight was aborted, and may reach the server still. */
    interrupt() {
      if (!this.sending) return;
      this.sending = null;
      this.quietAt = performance.now() + ABORTING;
    }

    /** Wait until what was aborted has reached the server, or never will. */
    waitForAborted() {
      const left = this.quietAt - performance.now();
      return left > 0 ? new Promise((resolve) => setTimeout(resolve, left)) : null;
    }

    /** Time goes by: a line that stands still is a slower one. */
    tick() {
      if (this.sending) this.sending.report();
    }
  }

  Object.assign(window.ChunkedUploads, { Advancing });
})();
