import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import Tus from "@uppy/tus";

const { endpoint, csrfToken } = document.querySelector("#uppy").dataset;

const uppy = new Uppy()
  .use(Dashboard, { target: "#uppy", inline: true })
  .use(Tus, {
    endpoint,
    headers: { "X-CSRFToken": csrfToken },
    // Else a HEAD that a proxy answers by 502 would begin the file anew.
    onAfterResponse(request, response) {
      const isAway = response.getStatus() >= 500;
      if (isAway && request.getMethod() === "HEAD") throw new Error("Try again.");
    },
  });

// What the site says of a file that it refuses.
uppy.on("upload-error", (file, error, response) => {
  const { detail } = JSON.parse(response?.body?.xhr.responseText || "[{}]")[0];
  if (detail) uppy.info(detail, "error", 10_000);
});

globalThis.uppy = uppy; // for who looks at it from outside
