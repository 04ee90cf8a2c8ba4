"use strict";
(function () {
  class Pictures {
    watch() {}
    unwatch() {}
    end() {}
  }
  Object.assign(window.ChunkedUploads, { Pictures });
})();
