"use strict";

/*
 * Cancelling an upload on the server, which forgets it, unless it was finished by then.
 */
(function () {
  const { OUT_OF_REACH } = window.ChunkedUploads;

  const GONE = new Set([404, 410]);

  /** Resolves to whether the file was complete already, which the server keeps. */
  async function cancelOnServer({ known, isAllThere }, server, signal) {
    if (!known) return false;
    try {
      // Finished meanwhile, or in another tab, it is nothing to take back any more.
      const { state } = (await server.state(known, signal)) || {};
      if (state === "COMPLETE") return true;
      await server.remove(known, signal);
      return false;
    } catch (failure) {
      if (!OUT_OF_REACH.has(failure.status)) throw failure;
      // A token ends with its upload: perhaps an earlier attempt got through.
      if (!GONE.has(failure.status) && (await isListed(known, server, signal))) throw failure;
      return isAllThere && wasFinished(known, server, signal);
    }
  }

  async function isListed({ upload_uuid }, server, signal) {
    const listed = await server.unfinished(signal);
    return listed.some((each) => each.upload_uuid === upload_uuid);
  }

  /** Ask as who finishes it does: that is answered for a finished one, too. */
  async function wasFinished(known, server, signal) {
    try {
      await server.finish(known, signal);
      return true;
    } catch (failure) {
      if (OUT_OF_REACH.has(failure.status)) return false;
      throw failure;
    }
  }

  Object.assign(window.ChunkedUploads, { cancelOnServer });
})();
