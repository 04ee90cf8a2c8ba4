"use strict";

/*
 * Computes digests beside the page, so that it stays at hand: gets { id, blob },
 * answers { id, digest, size, seconds }: the SHA-256 in base64, null where the blob
 * can't be read, and how long it took for so many bytes.
 */
// The garbage collector is in no hurry: gigabytes would wait for it. What is sent to
// nobody is gone at once.
function throwAway(bytes) {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(null, [bytes]);
  port1.close();
  port2.close();
}

self.addEventListener("message", async ({ data: { id, blob } }) => {
  const began = performance.now();
  let digest = null;
  try {
    const bytes = await blob.arrayBuffer();
    const hash = await self.crypto.subtle.digest("SHA-256", bytes);
    digest = btoa(String.fromCharCode(...new Uint8Array(hash)));
    throwAway(bytes);
  } catch (error) {
    // A file that can't be read will fail when it is sent.
  }
  const seconds = (performance.now() - began) / 1000;
  self.postMessage({ id, digest, size: blob.size, seconds });
});
