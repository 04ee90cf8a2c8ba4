"use strict";

/*
 * What can go wrong: in a request, or with the visitor's file.
 */
(function () {
  // A connection that broke in the middle of a body is no mistake of the sender's.
  const CURABLE_CODES = new Set(["body_cut", "digest_mismatch"]);
  const HOPELESS_CODES = new Set(["in_use", "content_conflict"]);
  // Perhaps the browser itself repeated a request that a broken connection had cut.
  const OUT_OF_STEP = new Set(["range_conflict", "ambiguous"]);
  const CURABLE_STATUSES = new Set([401, 408, 409, 423, 425, 429]);

  /** A request that did not give what was asked for. `status` 0: no answer at all. */
  class RequestFailed extends Error {
    /** `retryAfter` is a header's text; `chunkSize` bytes were sent, where it was a chunk. */
    constructor(status, answer = null, { retryAfter = "", chunkSize = 0 } = {}) {
      super(`The request failed with status ${status}.`);
      this.name = "RequestFailed";
      this.status = status;
      this.answer = answer || {};
      this.isFromUploads = Boolean(answer && answer.error);
      this.retryAfter = secondsUntil(retryAfter);
      this.chunkSize = chunkSize;
    }

    get detail() {
      return this.answer.detail || "";
    }

    /** Whether what the server has is of a file with other content. */
    get isOfOtherFile() {
      return this.answer.error === "content_conflict";
    }

    /** Whether the site looked at the whole file, and threw it away. */
    get isOfWholeFile() {
      return this.answer.error === "file_refused";
    }

    /** Whether the server has something else than was thought: to ask it helps. */
    get isOutOfStep() {
      return OUT_OF_STEP.has(this.answer.error);
    }

    /** Whether the same request may succeed later. */
    get isCurable() {
      // A 2xx that came here is not ours: a captive portal or a login page.
      if (HOPELESS_CODES.has(this.answer.error)) return false;
      return (
        this.status < 400 ||
        this.status >= 500 ||
        CURABLE_STATUSES.has(this.status) ||
        CURABLE_CODES.has(this.answer.error)
      );
    }
  }

  // RFC 9110, section 10.2.3: seconds or a date.
  function secondsUntil(retryAfter) {
    if (!retryAfter) return 0;
    const seconds = /^\d+$/.test(retryAfter.trim())
      ? Number(retryAfter)
      : (Date.parse(retryAfter) - Date.now()) / 1000;
    return Math.max(0, seconds || 0);
  }

  /** The list of JSON that the app answers with; null where it is not one. */
  function parseList(text) {
    try {
      const answer = JSON.parse(text);
      return Array.isArray(answer) ? answer : null;
    } catch (error) {
      return null;
    }
  }

  /** What failed in jQuery's request object, which may be missing, of a chunk. */
  function failureOf(request, chunkSize) {
    if (!request || !request.status) return new RequestFailed(0, null, { chunkSize });
    const list = parseList(request.responseText);
    const retryAfter = request.getResponseHeader("Retry-After");
    return new RequestFailed(request.status, list && list[0], { retryAfter, chunkSize });
  }

  /** The file on the visitor's disk is not what it was, or cannot be read. */
  class FileChanged extends Error {}

  /** The file has the name and size of the unfinished upload, and other content. */
  class OtherContent extends Error {}

  /** It has; and whoever began the upload said nothing of its content. */
  class Unconfirmed extends OtherContent {}

  /** A file that is not taken: `key` and `values` of a sentence, or a page's own. */
  class FileRefused extends Error {
    constructor(key, values, sentence = "") {
      super(key);
      this.key = key;
      this.values = values;
      this.sentence = sentence;
    }
  }

  window.ChunkedUploads = Object.assign(window.ChunkedUploads || {}, {
    FileChanged,
    FileRefused,
    OtherContent,
    Unconfirmed,
    RequestFailed,
    failureOf,
    parseList,
  });
})();
