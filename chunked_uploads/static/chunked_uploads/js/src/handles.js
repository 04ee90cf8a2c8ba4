"use strict";
(function () {
  Object.assign(window.ChunkedUploads, { recallHandle: async () => null });
})();
