"use strict";

/*
 * What the page says to the server: where it is, who asks, and each question.
 */
(function () {
  const NIL_UUID = "00000000-0000-0000-0000-000000000000";
  // A connection that broke in the middle of a body is no mistake of the sender's.
  const CURABLE_CODES = new Set(["body_cut", "digest_mismatch"]);
  const CURABLE_STATUSES = new Set([408, 409, 423, 425, 429]);

  /** A request that did not give what was asked for. `status` 0: no answer at all. */
  class RequestFailed extends Error {
    constructor(status, answer, retryAfter) {
      super(`The request failed with status ${status}.`);
      this.name = "RequestFailed";
      this.status = status;
      this.answer = answer || {};
      this.isFromUploads = Boolean(answer && answer.error);
      this.retryAfter = secondsUntil(retryAfter);
    }

    get detail() {
      return this.answer.detail || "";
    }

    /** Whether the same request may succeed later. */
    get isCurable() {
      // A 2xx that came here is not ours: a captive portal or a login page.
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

  function parseList(text) {
    try {
      const answer = JSON.parse(text);
      return Array.isArray(answer) ? answer : null;
    } catch (error) {
      return null;
    }
  }

  function toQuery(url, parameters) {
    const target = new URL(url, document.baseURI);
    Object.entries(parameters).forEach(([name, value]) => {
      target.searchParams.set(name, value);
    });
    return target;
  }

  function isOtherOrigin(url) {
    return new URL(url).origin !== window.location.origin;
  }

  // A header is bytes to a browser, and to the server these are UTF-8.
  function toBytes(text) {
    return String.fromCharCode(...new TextEncoder().encode(text));
  }

  /** The endpoints of one site, and the credentials for them. */
  class Server {
    /** `site` has `upload_url`, `done_url` and `csrf_token` of the page's own site. */
    constructor(site) {
      this.site = site;
      this.credentials = null;
    }

    /** The page's own endpoints where it set some, looked up at every use. */
    get endpoints() {
      return { ...this.site, ...window.chunked_uploads_endpoints };
    }

    get canRenewCredentials() {
      return typeof this.endpoints.authentication === "function";
    }

    /** Ask the page for credentials, once, or again where `anew`. */
    async authenticate(anew = false) {
      if (this.credentials && !anew) return;
      const { authentication } = this.endpoints;
      this.credentials = this.canRenewCredentials ? (await authentication()) || {} : {};
    }

    /** Take the CSRF token that a login in another tab may have brought. */
    renewCsrfToken() {
      const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
      if (cookie) this.site.csrf_token = cookie[1];
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
    chunkRequest(known, fingerprint) {
      if (known) return this.plain(known.url);
      return this.withCredentials(toQuery(this.endpoints.upload_url, { fingerprint }));
    }

    /** The state of an upload by its signed URL. */
    async state(known, signal) {
      return (await this.send("GET", this.plain(known.url), signal))[0];
    }

    /** The caller's unfinished uploads of this file. */
    async matching(file, fingerprint, signal) {
      await this.authenticate();
      const question = { filename: file.name, filesize: file.size, fingerprint };
      const url = toQuery(this.endpoints.upload_url, question);
      return this.send("GET", this.withCredentials(url), signal);
    }

    async finish(known, signal) {
      await this.authenticate();
      const request = known.done_url
        ? this.plain(known.done_url)
        : this.withCredentials(
            this.endpoints.done_url.replace(NIL_UUID, known.upload_uuid),
          );
      return (await this.send("POST", request, signal))[0] || {};
    }

    async remove(known, signal) {
      await this.send("DELETE", this.plain(known.delete_url), signal);
    }

    /** Resolves to the answer's list; rejects with RequestFailed. */
    async send(method, { url, headers, withCookies }, signal) {
      let response, text;
      try {
        response = await fetch(url, {
          method,
          headers,
          signal,
          cache: "no-store",
          credentials: withCookies ? "include" : "same-origin",
        });
        text = await response.text();
      } catch (error) {
        if (signal.aborted) throw error;
        throw new RequestFailed(0);
      }
      const list = text ? parseList(text) : [];
      if (response.ok && list) return list;
      throw new RequestFailed(
        response.status,
        list && list[0],
        response.headers.get("Retry-After"),
      );
    }
  }

  /** The failure that jQuery's request object tells of; it may be missing. */
  function failureOf(request) {
    if (!request || !request.status) return new RequestFailed(0);
    const list = parseList(request.responseText);
    return new RequestFailed(
      request.status,
      list && list[0],
      request.getResponseHeader("Retry-After"),
    );
  }

  Object.assign(window.ChunkedUploads, { RequestFailed, Server, failureOf });
})();
