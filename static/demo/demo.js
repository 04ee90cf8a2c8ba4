"use strict";

/* When a file is finished, fetch the page again for its list of files. */
window.chunked_uploads_video_url = async function () {
  const response = await fetch(window.location.href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const files = page.getElementById("files");
  if (files) {
    document.getElementById("files").replaceChildren(...files.childNodes);
  }
};
