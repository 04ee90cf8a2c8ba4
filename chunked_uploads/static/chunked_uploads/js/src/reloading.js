"use strict";

/*
 * How much a page showed of its uploads, for the page after a reload: the server may have
 * less, or still receive what was in flight, and no visitor shall see that go back.
 */
(function () {
  const KEY = "chunked-uploads-shown"; // an object: bytes by uuid
  const before = readOnce();

  function readOnce() {
    try {
      const kept = JSON.parse(window.sessionStorage.getItem(KEY));
      window.sessionStorage.removeItem(KEY);
      return kept || {};
    } catch (error) {
      return {}; // a browser that keeps nothing: the truth is shown then
    }
  }

  function isWorthKeeping({ known, isFinished, isCancelled }) {
    return known && !isFinished && !isCancelled;
  }

  /** Keep what is shown of `uploads` for the next page of this tab that has an uploader. */
  function keepShown(uploads) {
    const shown = uploads
      .filter(isWorthKeeping)
      .map(({ known, progress }) => [known.upload_uuid, progress.shown.bytes]);
    try {
      window.sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(shown)));
    } catch (error) {
      // as above
    }
  }

  /** Return what the page before showed of an upload: bytes, 0 where that is unknown. */
  function recallShown({ upload_uuid }) {
    return Number(before[upload_uuid]) || 0;
  }

  Object.assign(window.ChunkedUploads, { keepShown, recallShown });
})();
