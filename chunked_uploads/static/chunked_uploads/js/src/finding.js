"use strict";

/*
 * What the server has of a file: by the upload's own URL, or by name, size and
 * fingerprint. An upload that was begun without a fingerprint may be of any file of
 * its name and size, so only the visitor can say that it is of this one.
 */
(function () {
  const { OtherContent } = window.ChunkedUploads;

  const OUT_OF_REACH = new Set([401, 403, 404, 410]);
  // A fingerprint that no file has: what it finds has none at all.
  const NOBODYS = "-";

  /** Resolves to the server's answer about the upload, null where it has none. */
  async function findOnServer(upload, signal) {
    if (upload.isUnproven) return findWithProof(upload, signal);
    return (await findByUrl(upload, signal)) || findByFile(upload, signal);
  }

  async function findByUrl({ known, server }, signal) {
    if (!known) return null;
    try {
      return await server.state(known, signal);
    } catch (failure) {
      // The upload is gone or its token is; its name may still find it.
      if (OUT_OF_REACH.has(failure.status)) return null;
      throw failure;
    }
  }

  /** The upload of this very file that has most of it, and that nobody else here is at. */
  async function findByFile(upload, signal) {
    const { file, fingerprint, server, size } = upload;
    const taken = upload.others().filter((other) => other.file && other.known);
    const uuids = taken.map(({ known }) => known.upload_uuid);
    const answers = await server.matching(file, fingerprint, signal);
    const free = answers.filter(
      ({ total_size, upload_uuid }) => total_size === size && !uuids.includes(upload_uuid),
    );
    const proven = await withFingerprint(upload, free, signal);
    return proven.sort((one, other) => other.size - one.size)[0] || null;
  }

  /** The upload that is known, if the file that it was given is the right one. */
  async function findWithProof(upload, signal) {
    const { file, fingerprint, known, server, isVouchedFor } = upload;
    const isIt = ({ upload_uuid }) => upload_uuid === known.upload_uuid;
    const found = (await server.matching(file, fingerprint, signal)).filter(isIt);
    if (found.length) {
      const proven = isVouchedFor ? found : await withFingerprint(upload, found, signal);
      if (!proven.length) throw new OtherContent();
      return proven[0];
    }
    if ((await server.matching(file, "", signal)).some(isIt)) throw new OtherContent();
    return findByFile(upload, signal); // it is gone; perhaps there is another one
  }

  async function withFingerprint({ file, server }, answers, signal) {
    if (!answers.length) return [];
    const without = await server.matching(file, NOBODYS, signal);
    const uuids = without.map(({ upload_uuid }) => upload_uuid);
    return answers.filter(({ upload_uuid }) => !uuids.includes(upload_uuid));
  }

  Object.assign(window.ChunkedUploads, { OUT_OF_REACH, findByFile, findOnServer });
})();
