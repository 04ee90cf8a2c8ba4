"use strict";

/*
 * Computes digests beside the page, so that it stays at hand: gets { id, blob },
 * answers { id, digest }, the SHA-256 in base64, null where the blob can't be read.
 */
self.addEventListener("message", async ({ data: { id, blob } }) => {
  let digest = null;
  try {
    const bytes = await blob.arrayBuffer();
    const hash = await self.crypto.subtle.digest("SHA-256", bytes);
    digest = btoa(String.fromCharCode(...new Uint8Array(hash)));
    // Not left to the garbage collector, which is in no hurry.
    if (bytes.transfer) bytes.transfer(0);
  } catch (error) {
    // A file that can't be read will fail when it is sent.
  }
  self.postMessage({ id, digest });
});
