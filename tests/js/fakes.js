"use strict";

/*
 * What the page talks to, in memory: a server with uploads, and the requests that jQuery
 * File Upload would make.
 */
const FILE = { name: "film.bin", size: 100 };

/** The state of an upload that holds `received` bytes; `fingerprint` "" is none at all. */
function held(upload_uuid, received, fingerprint = "mine", total_size = FILE.size) {
  return { upload_uuid, size: received, received, gap: null, fingerprint, total_size };
}

/** Answers the questions of the page's Server out of `uploads`, a list of states. */
class FakeServer {
  constructor({ RequestFailed }, uploads = []) {
    this.RequestFailed = RequestFailed;
    this.uploads = uploads;
    this.largestChunk = Infinity;
    this.isAuthenticated = true;
    this.hasLetIn = true;
    this.canRenewCredentials = false;
    this.removed = []; // uuids
    this.finished = []; // uuids
  }

  async authenticate() {}

  async renewAccess() {
    return false;
  }

  renewCsrfToken() {}

  async state({ upload_uuid }) {
    const found = this.uploads.find((each) => each.upload_uuid === upload_uuid);
    if (!found) throw new this.RequestFailed(this.isAuthenticated ? 404 : 401);
    return { ...found };
  }

  async stateAtRest(known) {
    return this.state(known);
  }

  async matching(file, fingerprint) {
    if (fingerprint === "-") return this.uploads.filter((each) => !each.fingerprint);
    const fits = (each) => !fingerprint || !each.fingerprint || each.fingerprint === fingerprint;
    return this.uploads.filter(fits);
  }

  async unfinished() {
    return this.uploads;
  }

  async remove(known) {
    await this.state(known);
    this.removed.push(known.upload_uuid);
  }

  async finish({ upload_uuid }) {
    if (!this.finished.includes(upload_uuid)) throw new this.RequestFailed(404);
    return { url: "/film.bin" };
  }

  chunkRequest({ known }) {
    return { url: known ? known.url : "/upload/", headers: {}, withCookies: false };
  }
}

/** A chunk that was handed to jQuery File Upload, until somebody answers it. */
class FakeRequest {
  constructor(settings) {
    this.settings = settings;
    this.isAborted = false;
    this.promise = new Promise((resolve, reject) => {
      this.answer = (state) => resolve([state]);
      this.refuse = (status, responseText = "", headers = {}) => {
        reject({ status, responseText, getResponseHeader: (name) => headers[name] || null });
      };
    });
    this.promise.catch(() => {});
  }

  get range() {
    return this.settings.contentRange;
  }

  done(call) {
    this.promise.then(call, () => {});
    return this;
  }

  fail(call) {
    this.promise.catch(call);
    return this;
  }

  always(call) {
    this.promise.then(call, call);
    return this;
  }

  abort() {
    this.isAborted = true;
    this.refuse(0);
  }
}

/** What Sending needs of an uploader; `requests` has each chunk that was sent. */
class FakeTransport {
  constructor({ sizer, maxInFlight = 1 }) {
    this.sizer = sizer;
    this.options = { patience: 45 };
    this.maxInFlight = () => maxInFlight;
    this.digests = { of: async (body) => `digest of ${body.size ?? body.byteLength}` };
    this.requests = [];
    this.send = (settings) => {
      this.requests.push(new FakeRequest(settings));
      return this.requests[this.requests.length - 1];
    };
  }

  get ranges() {
    return this.requests.map(({ range }) => range);
  }

  get last() {
    return this.requests[this.requests.length - 1];
  }
}

module.exports = { FILE, FakeServer, FakeTransport, held };
