"use strict";

/*
 * Brings jQuery File Upload to each uploader of the page. `root.chunkedUploads` is
 * what scripts may use of it.
 */
(function () {
  const { Uploader, uploaders } = window.ChunkedUploads;

  // Our jQuery stays ours; a page that brought its own gets that back.
  const $ = window.jQuery.noConflict(true);
  if (!window.jQuery) window.jQuery = $;
  if (!window.$) window.$ = $;

  // We listen for files ourselves, and hand them over chunk by chunk.
  const SETTINGS = {
    dropZone: null,
    pasteZone: null,
    multipart: false,
    type: "POST",
    dataType: "json",
  };

  function makeUploader(root) {
    const widget = $(root).fileupload({ ...SETTINGS, fileInput: $() });
    return new Uploader(root, (settings) => widget.fileupload("send", settings));
  }

  const ROOT = "[data-chunked-uploads]";

  /** Make an Uploader of each partial in `place` that is not one yet. */
  function connect(place) {
    place.querySelectorAll(ROOT).forEach((root) => {
      // The admin's inlines keep a form to be copied, which is not to be used itself.
      if (root.chunkedUploads || root.closest(".empty-form")) return;
      root.chunkedUploads = makeUploader(root);
      root.chunkedUploads.notices.dispatch("ready", null);
    });
  }

  /** Let go of the uploaders that were taken out of the page. */
  function disconnect() {
    uploaders.forEach((uploader) => {
      if (uploader.root.isConnected) return;
      uploader.leave();
      delete uploader.root.chunkedUploads;
    });
  }

  $(() => {
    connect(document);
    // Partials that come later: of inline forms, or fetched by a script.
    const observer = new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
      added
        .filter((node) => node.parentElement && node.matches)
        .filter((node) => node.matches(ROOT) || node.querySelector(ROOT))
        .forEach((node) => connect(node.parentElement));
      disconnect();
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  });
})();
