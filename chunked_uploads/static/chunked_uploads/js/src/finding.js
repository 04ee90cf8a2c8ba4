"use strict";

/*
 * What the server has of a file: by the upload's own URL, or by name, size and
 * fingerprint. An upload that was begun without a fingerprint may be of any file of
 * its name and size, so only the visitor can say that it is of this one.
 */
(function () {
  const { OtherContent, Unconfirmed } = window.ChunkedUploads;

  const OUT_OF_REACH = new Set([401, 403, 404, 410]);
  // No file has this fingerprint: what it finds has none at all.
  const NO_FINGERPRINT = "-";
  const WAIT = 2; // seconds that the server waits for others who write
  const MAX_WAITS = 4; // in which nothing came of them

  /** Resolves to the server's answer about the upload, null where it has none. */
  async function findOnServer(upload, signal) {
    const { known, server, source } = upload;
    const { isUnverified } = source;
    const state = isUnverified ? null : await findByUrl(known, server, signal);
    if (state) return state;
    const found = isUnverified
      ? await verifyKnown(upload, signal)
      : await findByFile(upload, signal);
    return findByUrl(found, server, signal);
  }

  async function findByUrl(known, server, signal) {
    if (!known) return null;
    try {
      return await stateAtRest(known, server, signal);
    } catch (failure) {
      // The upload is gone or its token is; its name may still find it.
      if (OUT_OF_REACH.has(failure.status)) return null;
      throw failure;
    }
  }

  /**
   * What the server has when nobody adds to it any more: a request that was given up, or
   * that a page which was closed had sent, may still be bringing bytes, and none of them
   * shall be sent again. Somebody who brings nothing is not waited for without end.
   */
  async function stateAtRest(known, server, signal) {
    let received = -1;
    for (let waits = 0; ; waits += 1) {
      const asked = performance.now();
      const state = await server.stateAtRest(known, WAIT, signal);
      const isAtRest = performance.now() - asked < WAIT * 1000;
      if (!state || isAtRest || waits === MAX_WAITS) return state;
      if (state.received > received) waits = 0;
      received = state.received;
    }
  }

  /** The upload of this very file that has most of it, and that nobody else here is at. */
  async function findByFile(upload, signal) {
    const { server, size, source } = upload;
    const taken = upload.others().filter((other) => other.file && other.known);
    const uuids = taken.map(({ known }) => known.upload_uuid);
    const answers = await server.matching(source.file, source.fingerprint, signal);
    const free = answers.filter(
      ({ total_size, upload_uuid }) => total_size === size && !uuids.includes(upload_uuid),
    );
    const verified = await withFingerprint(upload, free, signal);
    return verified.sort((one, other) => other.received - one.received)[0] || null;
  }

  /** The upload that is known, if the file that it was given is the right one. */
  async function verifyKnown(upload, signal) {
    const { known, server, source } = upload;
    const { file, fingerprint, isConfirmed } = source;
    const isIt = ({ upload_uuid }) => upload_uuid === known.upload_uuid;
    const found = (await server.matching(file, fingerprint, signal)).filter(isIt);
    if (found.length) {
      const verified = isConfirmed ? found : await withFingerprint(upload, found, signal);
      if (!verified.length) throw new Unconfirmed();
      return verified[0];
    }
    if ((await server.matching(file, "", signal)).some(isIt)) throw new OtherContent();
    return findByFile(upload, signal); // it is gone; perhaps there is another one
  }

  async function withFingerprint({ file, server }, answers, signal) {
    if (!answers.length) return [];
    const without = await server.matching(file, NO_FINGERPRINT, signal);
    const uuids = without.map(({ upload_uuid }) => upload_uuid);
    return answers.filter(({ upload_uuid }) => !uuids.includes(upload_uuid));
  }

  Object.assign(window.ChunkedUploads, { OUT_OF_REACH, findByFile, findOnServer });
})();
