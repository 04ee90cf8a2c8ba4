"use strict";

/*
 * Trying again: when, how often, and with what.
 */
(function () {
  const FIRST_PAUSE = 1; // seconds
  const LONGEST_PAUSE = 60; // seconds
  const LONGEST_PAUSE_OFFLINE = 10; // to find out costs the server nothing
  const LONGEST_WAIT = 86400; // seconds, whatever the server asks for
  // Of answers that don't get better; a network, a login or a turn is waited for.
  const MAX_REFUSALS = 30;
  const WAITED_FOR = new Set([0, 401, 429]);

  /** Seconds before the next attempt, of which `attempts` failed, the last one so. */
  function pauseAfter({ status, retryAfter }, attempts) {
    const longest = status ? LONGEST_PAUSE : LONGEST_PAUSE_OFFLINE;
    const growing = Math.min(longest, FIRST_PAUSE * 2 ** (attempts - 1));
    const jittered = growing * (0.5 + Math.random() / 2);
    return Math.max(jittered, Math.min(retryAfter, LONGEST_WAIT));
  }

  class Retrying {
    /** `announce` is called with the failure before each pause. */
    constructor(server, announce) {
      this.server = server;
      this.announce = announce;
      this.attempts = 0; // that failed since something went on
      this.retryAt = 0; // milliseconds, as Date.now() gives them
      this.endWaiting = () => {};
    }

    /** Forget the attempts so far: something went on. */
    reset() {
      this.attempts = 0;
    }

    /** Repeat `operation` until it succeeds or there is no hope. */
    async repeat(operation, signal, maxAttempts = Infinity) {
      this.reset();
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
      if (failure.status === 413) return this.shrinkChunks(failure);
      this.attempts += 1;
      if (this.attempts === 1 && failure.isOutOfStep) return;
      if ([401, 403].includes(failure.status) && (await this.renewAccess())) return;
      if (signal.aborted) throw failure;
      const most = WAITED_FOR.has(failure.status) ? Infinity : MAX_REFUSALS;
      const isHopeless = !failure.isCurable || this.attempts >= Math.min(most, maxAttempts);
      if (isHopeless) throw failure;
      await this.wait(pauseAfter(failure, this.attempts), failure, signal);
    }

    /** Resolves to whether it is worth a try at once: not with a page's answer again. */
    async renewAccess() {
      const isNew = await this.server.renewAccess();
      return isNew && (this.attempts === 1 || !this.server.canRenewCredentials);
    }

    // A proxy's 413 is about the chunk; the app's own is about the file.
    shrinkChunks(failure) {
      const isOfProxy = !failure.isFromUploads && failure.chunkSize;
      if (!isOfProxy || !this.server.shrinkChunks(failure.chunkSize)) throw failure;
    }

    async wait(seconds, failure, signal) {
      this.retryAt = Date.now() + seconds * 1000;
      this.announce(failure);
      await new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, seconds * 1000);
        this.endWaiting = end;
        signal.addEventListener("abort", end);
      });
      if (signal.aborted) throw failure;
      this.server.renewCsrfToken();
    }
  }

  Object.assign(window.ChunkedUploads, { Retrying });
})();
