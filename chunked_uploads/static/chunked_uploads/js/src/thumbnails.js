"use strict";

/*
 * What the worker answers: to { file, kind }, with { bitmap, turn }, or nothing where there
 * is no picture to be had.
 */
(function () {
  const { firstFrame, shrink, shrinkBy } = window.ChunkedUploads;

  const MAKERS = {
    async image(file) {
      return { bitmap: await shrink(file), turn: 0 };
    },
    async video(file) {
      const { frame, turn } = await firstFrame(file);
      try {
        return { bitmap: await shrinkBy(frame, frame.displayWidth, frame.displayHeight), turn };
      } finally {
        frame.close();
      }
    },
  };

  self.addEventListener("message", async ({ data: { file, kind } }) => {
    try {
      const made = await MAKERS[kind](file);
      self.postMessage(made, [made.bitmap]);
    } catch (error) {
      self.postMessage(null);
    }
  });
})();
