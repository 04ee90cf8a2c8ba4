"use strict";

/*
 * Makes uploaders of elements, and brings jQuery File Upload to each.
 * `element.chunkedUploads` is what scripts may use of it.
 */
(function () {
  const { Uploader, uploaders } = window.ChunkedUploads;

  const ROOT = "[data-chunked-uploads]";
  // We listen for files ourselves, and hand them over chunk by chunk.
  const SETTINGS = {
    dropZone: null,
    pasteZone: null,
    multipart: false,
    type: "POST",
    dataType: "json",
  };

  /**
   * Make an uploader of an element, or of the partial in it, unless it is one; return it.
   * `endpoints` are as a page's `chunked_uploads_endpoints`, for this one alone; all other
   * options are the partial's attributes, in camel case.
   */
  function mount(element, { endpoints = {}, ...options } = {}) {
    const root = element.matches(ROOT) ? element : element.querySelector(ROOT) || element;
    if (root.chunkedUploads) return root.chunkedUploads;
    Object.entries(options).forEach(([name, value]) => {
      if (value === undefined || value === null) return; // as components have them
      root.dataset[name] = Array.isArray(value) ? value.join(",") : value;
    });
    root.dataset.chunkedUploads = "";
    const { jQuery } = window.ChunkedUploads;
    const widget = jQuery(root).fileupload({ ...SETTINGS, fileInput: jQuery() });
    const send = (settings) => widget.fileupload("send", settings);
    root.chunkedUploads = new Uploader(root, send, endpoints);
    root.chunkedUploads.notices.dispatch("ready", null);
    return root.chunkedUploads;
  }

  /** Stop an uploader, and let its element be one again; the server keeps its bytes. */
  function unmount({ root }) {
    if (!root.chunkedUploads) return;
    root.chunkedUploads.leave();
    delete root.chunkedUploads;
  }

  /** Make an Uploader of each partial in `place` that is not one yet. */
  function connect(place) {
    // The admin's inlines keep a form to be copied, which is not to be used itself.
    [...place.querySelectorAll(ROOT)].filter((root) => !root.closest(".empty-form")).forEach((root) => mount(root));
  }

  /**
   * Connect the page's partials, also those that come later, of inline forms or fetched
   * by a script, and let go of those that are taken out. Returns what ends that.
   */
  function observe() {
    connect(document);
    const observer = new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
      added
        .filter((node) => node.parentElement && node.matches)
        .filter((node) => node.matches(ROOT) || node.querySelector(ROOT))
        .forEach((node) => connect(node.parentElement));
      uploaders.forEach((uploader) => uploader.root.isConnected || unmount(uploader));
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
    return () => observer.disconnect();
  }

  Object.assign(window.ChunkedUploads, { mount, observe, unmount });
})();
