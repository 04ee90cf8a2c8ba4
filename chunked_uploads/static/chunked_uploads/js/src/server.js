"use strict";

/*
 * What the page says to the server: where it is, who asks, and each question.
 */
(function () {
  const { RequestFailed, parseList } = window.ChunkedUploads;

  const NIL_UUID = "00000000-0000-0000-0000-000000000000";
  const SMALLEST_CHUNK = 64 * 1024; // bytes
  const USUAL_LIMIT = 1024 * 1024; // bytes; nginx's, where nobody raised it
  const MAX_METADATA = 4096; // bytes that a server keeps
  const TIMEOUT = 45; // seconds to wait for an answer
  const TIMEOUT_OF_DONE = 600; // which copies, where it can't rename

  function toQuery(url, parameters) {
    const target = new URL(url, document.baseURI);
    new URLSearchParams(parameters).forEach((value, name) => {
      target.searchParams.set(name, value);
    });
    return target;
  }

  /** What the first chunk's query says of a file, besides its name. */
  function metadataOf(values) {
    const metadata = JSON.stringify(values);
    const isKept = new TextEncoder().encode(metadata).length <= MAX_METADATA;
    return Object.keys(values).length && isKept ? { metadata } : {};
  }

  function isOtherOrigin(url) {
    return new URL(url).origin !== window.location.origin;
  }

  // A header is bytes to a browser, and to the server these are UTF-8.
  function toBytes(text) {
    return String.fromCharCode(...new TextEncoder().encode(text));
  }

  /** The endpoints of one site, the credentials for them, and what they take. */
  class Server {
    /**
     * `site` describes the page's own site: `upload_url`, `done_url`, `csrf_token`,
     * `csrf_cookie`, `max_size` (bytes), `max_files`, `accept`, `query`. `own` are
     * endpoints of this uploader alone, before those of the page.
     */
    constructor(site, own = {}) {
      this.site = site;
      this.own = own;
      this.credentials = null;
      this.hasLetIn = false; // so that a body is not sent in vain
      this.largestChunk = Infinity; // bytes that the proxies on the way let through
    }

    /** What scripts set, looked up at every use. */
    get told() {
      const { own } = this;
      const page = window.chunked_uploads_endpoints || {};
      // What the page has for its server is for no other one, least of all a key.
      const isOther = own.upload_url && this.urlOf(own) !== this.urlOf(page);
      return isOther ? own : { ...page, ...own };
    }

    get endpoints() {
      return { ...this.site, ...this.told };
    }

    urlOf({ upload_url = this.site.upload_url }) {
      return new URL(upload_url, document.baseURI).href;
    }

    /** Whether files go to another site than the markup's own, where it has one. */
    get isElsewhere() {
      const { site, told } = this;
      return Boolean(site.upload_url && told.upload_url) && this.urlOf(told) !== this.urlOf(site);
    }

    /** What each question and first chunk says besides. */
    get query() {
      const query = new URLSearchParams(this.site.query);
      if (this.isElsewhere) query.delete("limits"); // that our site signed for itself
      return query;
    }

    /** Whether a login at our site is what lets the visitor in. */
    get goesByLogin() {
      return !(this.isElsewhere || this.canRenewCredentials || this.endpoints.api_key);
    }

    /**
     * What is known of the receiving server's limits, of which our site's are our site's
     * alone. `accept` is as of a file input: extensions and media types.
     */
    get limits() {
      const { max_size, max_files, accept, extensions } = this.isElsewhere ? this.told : this.endpoints;
      const told = accept || extensions || "";
      const listed = Array.isArray(told) ? told : told.split(",");
      const tokens = listed.map((each) => each.trim().toLowerCase()).filter(Boolean);
      return {
        maxSize: Number(max_size) || Infinity,
        maxFiles: Number(max_files) || Infinity,
        accept: tokens.map((each) => (/^\.|\//.test(each) ? each : `.${each}`)),
      };
    }

    get canRenewCredentials() {
      return typeof this.endpoints.authentication === "function";
    }

    /** Ask the page for credentials, once, or again where `anew`. */
    async authenticate(anew = false) {
      if (this.credentials && !anew) return;
      const { authentication } = this.endpoints;
      try {
        this.credentials = this.canRenewCredentials ? (await authentication()) || {} : {};
      } catch (error) {
        throw new RequestFailed(navigator.onLine ? 401 : 0);
      }
    }

    /** Get in anew; resolves to whether there is anything new to get in with. */
    async renewAccess() {
      if (!this.canRenewCredentials) return this.renewCsrfToken();
      return this.authenticate(true).then(
        () => true,
        () => false,
      );
    }

    /** Take the CSRF token that a login in another tab may have brought. */
    renewCsrfToken() {
      const { csrf_cookie, csrf_token } = this.site;
      const cookies = document.cookie.split("; ").map((cookie) => cookie.split("="));
      const found = cookies.find(([name]) => name === csrf_cookie);
      if (!found || found[1] === csrf_token) return false;
      this.site.csrf_token = found[1];
      return true;
    }

    /** Take smaller chunks than the `size` bytes that a proxy refused, if any can be. */
    shrinkChunks(size) {
      if (size <= SMALLEST_CHUNK) return false;
      const half = Math.max(SMALLEST_CHUNK, Math.floor(size / 2));
      const smaller = size > USUAL_LIMIT ? Math.min(half, USUAL_LIMIT) : half;
      this.largestChunk = Math.min(this.largestChunk, smaller);
      return true;
    }

    /** URL, headers and mode of a request that carries the page's credentials. */
    withCredentials(url) {
      const { username, api_key, timestamp, signature } = {
        ...this.endpoints,
        ...this.credentials,
      };
      const request = this.plain(url);
      // In a header, which no access log keeps, and no server drops.
      if (api_key && signature) {
        request.headers.Authorization = `Query ${api_key}:${timestamp}:${signature}`;
      } else if (api_key) {
        request.headers.Authorization = `ApiKey ${toBytes(username)}:${api_key}`;
      } else {
        // Nothing but a cookie can tell who asks. Where something else does, none goes
        // along: a server that bars them would refuse the whole request.
        request.withCookies = isOtherOrigin(request.url);
      }
      return request;
    }

    /** The same for a URL that the server signed: its token is the credential. */
    plain(url) {
      const target = new URL(url, document.baseURI);
      const { csrf_token } = this.site;
      const headers = {};
      // Nobody but our own site may learn the CSRF token.
      if (csrf_token && !isOtherOrigin(target)) headers["X-CSRFToken"] = csrf_token;
      return { url: target.href, headers, withCookies: false };
    }

    /** Where the next chunk goes. `known` is the server's last answer, if any. */
    chunkRequest({ known, fingerprint, metadata }) {
      if (known) return this.plain(known.url);
      const url = toQuery(this.endpoints.upload_url, this.query);
      return this.withCredentials(toQuery(url, { fingerprint, ...metadataOf(metadata) }));
    }

    /** The state of an upload by its signed URL. */
    async state(known, signal) {
      return (await this.send("GET", this.plain(known.url), signal))[0];
    }

    /** The same when nobody writes to it any more, after `wait` seconds at the latest. */
    async stateAtRest(known, wait, signal) {
      return this.state({ url: toQuery(known.url, { wait }) }, signal);
    }

    /** The caller's unfinished uploads of this file. */
    matching(file, fingerprint, signal) {
      return this.list(
        { filename: file.name, filesize: file.size, fingerprint },
        signal,
      );
    }

    /** All unfinished uploads of the caller. */
    unfinished(signal) {
      return this.list({ all: 1 }, signal);
    }

    async list(question, signal) {
      await this.authenticate();
      const url = toQuery(toQuery(this.endpoints.upload_url, "for_form=0"), this.query);
      const answers = await this.send("GET", this.withCredentials(toQuery(url, question)), signal);
      this.hasLetIn = true;
      return answers;
    }

    async finish(known, signal) {
      await this.authenticate();
      const request = known.done_url
        ? this.plain(known.done_url)
        : this.withCredentials(
            this.endpoints.done_url.replace(NIL_UUID, known.upload_uuid),
          );
      return (await this.send("POST", request, signal, TIMEOUT_OF_DONE))[0] || {};
    }

    async remove(known, signal) {
      await this.send("DELETE", this.plain(known.delete_url), signal);
    }

    /** The same where no answer can be waited for. */
    removeInHaste(known) {
      const { url, headers } = this.plain(known.delete_url);
      fetch(url, { method: "DELETE", headers, keepalive: true }).catch(() => {});
    }

    /** Resolves to the answer's list; rejects with RequestFailed. */
    async send(method, { url, headers, withCookies }, signal, timeout = TIMEOUT) {
      if (signal.aborted) throw new RequestFailed(0);
      const controller = new AbortController();
      const giveUp = () => controller.abort();
      const timer = setTimeout(giveUp, timeout * 1000);
      signal.addEventListener("abort", giveUp);
      let response, text;
      try {
        response = await fetch(url, {
          method,
          headers,
          signal: controller.signal,
          cache: "no-store",
          credentials: withCookies ? "include" : "same-origin",
        });
        text = await response.text();
      } catch (error) {
        throw new RequestFailed(0);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
      }
      const list = text ? parseList(text) : [];
      if (response.ok && list) return list;
      const retryAfter = response.headers.get("Retry-After");
      throw new RequestFailed(response.status, list && list[0], { retryAfter });
    }
  }

  Object.assign(window.ChunkedUploads, { SMALLEST_CHUNK, Server });
})();
