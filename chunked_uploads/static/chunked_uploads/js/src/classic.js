"use strict";

/*
 * What the script does in a page that loads it, which the module leaves to who imports it.
 */
(function () {
  // Our jQuery stays ours; a page that brought its own gets that back.
  const $ = window.jQuery.noConflict(true);
  if (!window.jQuery) window.jQuery = $;
  if (!window.$) window.$ = $;

  window.ChunkedUploads.jQuery = $;
  $(window.ChunkedUploads.observe);
})();
