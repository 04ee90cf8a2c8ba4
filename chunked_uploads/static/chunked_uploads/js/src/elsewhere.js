"use strict";
(function () {
  Object.assign(window.ChunkedUploads, { notification: { isOffered: false, ask() {} } });
})();
