"use strict";

/*
 * What the partial's attributes say: of its site, and how it shall work.
 */
(function () {
  const MIB = 1024 * 1024;
  const OPTIONS = {
    chunkSize: 8 * MIB, // bytes at most, until the server suggests
    filesInFlight: 4,
    rangesInFlight: 2, // of one file: the line is busy while an answer is on its way
    patience: 45, // seconds without a sign of life
  };

  function optionsOf({ dataset }) {
    const options = Object.entries(OPTIONS).map(([name, usual]) => {
      const value = Number(dataset[name]);
      return [name, value > 0 ? value : usual];
    });
    return Object.fromEntries(options);
  }

  function siteOf(root) {
    const { dataset } = root;
    const form = root.closest("form");
    const field = form && form.elements.namedItem("csrfmiddlewaretoken");
    return {
      upload_url: dataset.uploadUrl,
      done_url: dataset.doneUrl,
      csrf_token: dataset.csrfToken || (field ? field.value : ""),
      csrf_cookie: dataset.csrfCookie,
      max_size: dataset.maxSize,
      max_files: dataset.maxFiles,
      accept: dataset.accept || dataset.extensions,
      query: dataset.query,
    };
  }

  Object.assign(window.ChunkedUploads, { optionsOf, siteOf });
})();
