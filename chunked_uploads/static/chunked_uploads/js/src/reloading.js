"use strict";

/*
 * What a page showed of its uploads, for the one that comes after a reload: the server
 * may have less, or hear yet of what was in flight, and no visitor shall see that go back.
 */
(function () {
  const KEY = "chunked-uploads-shown"; // an object: bytes by uuid
  const isWorthKeeping = ({ known, isSettled, isLeaving }) => known && !isSettled && !isLeaving;
  const before = takeKept();

  function takeKept() {
    try {
      const kept = JSON.parse(window.sessionStorage.getItem(KEY));
      window.sessionStorage.removeItem(KEY);
      return kept || {};
    } catch (error) {
      return {}; // a browser that keeps nothing: the truth is shown then
    }
  }

  /** Keep what is shown of `uploads` for the next page of this tab that has an uploader. */
  function keepShown(uploads) {
    const shown = uploads
      .filter(isWorthKeeping)
      .map(({ known, shown: { bytes } }) => [known.upload_uuid, bytes]);
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
