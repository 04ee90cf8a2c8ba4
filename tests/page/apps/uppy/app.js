import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import Tus from "@uppy/tus";

const { endpoint, csrfToken } = document.querySelector("#uppy").dataset;

const uppy = new Uppy()
  .use(Dashboard, { target: "#uppy", inline: true })
  .use(Tus, { endpoint, headers: { "X-CSRFToken": csrfToken } });

// What the site says of a file that it refuses.
uppy.on("upload-error", (file, error, response) => {
  const { detail } = JSON.parse(response?.body?.xhr.responseText || "[{}]")[0];
  if (detail) uppy.info(detail, "error", 10_000);
});

globalThis.uppy = uppy; // for who looks at it from outside
