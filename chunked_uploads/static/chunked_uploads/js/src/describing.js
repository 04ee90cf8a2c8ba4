"use strict";

/*
 * What went wrong, in words: for the visitor a sentence, for scripts status and code.
 */
(function () {
  const { FileChanged, FileRefused, OtherContent, Unconfirmed } = window.ChunkedUploads;

  const SENTENCES = new Set([400, 401, 403, 404, 413, 415, 422, 429, 507]);
  // Where the server speaks to the visitor itself, and mostly the site: that is the
  // better sentence, but where it is for who reads the network tab.
  const OWN_WORDS = new Set([403, 413, 415, 422, 429]);
  const TECHNICAL = new Set(["csrf_failed"]);
  // To send the same again brings the same answer.
  const FINAL = new Set([400, 403, 405, 411, 413, 415, 422]);

  /** The key of the sentence for a failure. */
  function sentenceKey(failure) {
    if (failure instanceof FileRefused) return failure.key;
    if (failure instanceof FileChanged) return "file-changed";
    if (failure instanceof Unconfirmed) return "unconfirmed";
    if (failure instanceof OtherContent) return "other-content";
    if (failure.isOfOtherFile) return "other-content-there";
    if (failure.status === 0) return "no-network";
    if (SENTENCES.has(failure.status)) return `status-${failure.status}`;
    return failure.isCurable ? "server-trouble" : "status-else";
  }

  function describe(failure, texts) {
    const { status = null, detail = "", answer = {} } = failure;
    const key = sentenceKey(failure);
    const error = answer.error || (status === null ? key.replace("-", "_") : "");
    const isOwn = detail && OWN_WORDS.has(status) && !TECHNICAL.has(error);
    const sentence = isOwn ? detail : failure.sentence || texts.text(key, failure.values);
    return { status, error, detail, sentence };
  }

  /** Whether to try the same again can help. */
  function isWorthRetrying(failure) {
    return !failure || !FINAL.has(failure.status);
  }

  Object.assign(window.ChunkedUploads, { describe, isWorthRetrying });
})();
