"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Clock, load } = require("./loading.js");

const HERE = "https://site.example";
const THERE = "https://other.example";
const NIL = "00000000-0000-0000-0000-000000000000";
const SITE = {
  upload_url: "/uploads/upload/",
  done_url: `/uploads/upload/done/${NIL}/`,
  csrf_token: "TOKEN",
  csrf_cookie: "csrftoken",
};
const MIB = 2 ** 20;
const STILL = new AbortController().signal;

/** A Server in a page at HERE, whose `fetch` answers by `answer`. */
function setUp({ site = {}, endpoints, own, cookie = "", answer, clock = new Clock(), onLine = true } = {}) {
  const window = { location: { origin: HERE }, chunked_uploads_endpoints: endpoints };
  const asked = [];
  const fetch = async (url, options) => {
    asked.push({ url, ...options });
    return answer(url, options);
  };
  const globals = { window, document: { baseURI: `${HERE}/`, cookie }, navigator: { onLine }, fetch };
  const { RequestFailed, Server } = load(["failures", "server"], { ...clock.globals, ...globals });
  return { server: new Server({ ...SITE, ...site }, own), asked, RequestFailed, window };
}

const respond = (status, text, headers = {}) => ({
  ok: status < 300,
  status,
  text: async () => text,
  headers: new Headers(headers),
});

// --- who asks ---

test("our own site gets the CSRF token, and no other", () => {
  const { server } = setUp();
  const own = server.withCredentials("/uploads/upload/");
  assert.deepEqual(own, {
    url: `${HERE}/uploads/upload/`,
    headers: { "X-CSRFToken": "TOKEN" },
    withCookies: false,
  });
  assert.deepEqual(server.plain(`${THERE}/u/?token=t`).headers, {});
});

test("another origin gets cookies only where nothing else can tell who asks", () => {
  assert.equal(setUp().server.withCredentials(`${THERE}/`).withCookies, true);
  const endpoints = { username: "ada", api_key: "KEY" };
  const request = setUp({ endpoints }).server.withCredentials(`${THERE}/`);
  assert.equal(request.withCookies, false);
  assert.equal(request.headers.Authorization, "ApiKey ada:KEY");
});

test("a name is sent as the bytes of its UTF-8", () => {
  const endpoints = { username: "Zoë", api_key: "KEY" };
  const { headers } = setUp({ endpoints }).server.withCredentials(`${THERE}/`);
  assert.equal(headers.Authorization, "ApiKey Zo\u00c3\u00ab:KEY");
});

test("a signature goes before the key alone", () => {
  const endpoints = { username: "ada", api_key: "KEY", timestamp: 17, signature: "SIG" };
  const { headers } = setUp({ endpoints }).server.withCredentials(`${THERE}/`);
  assert.equal(headers.Authorization, "Query KEY:17:SIG");
});

test("endpoints that the page sets later are used", () => {
  const { server, window } = setUp();
  window.chunked_uploads_endpoints = { upload_url: `${THERE}/up/` };
  assert.match(server.chunkRequest({ known: null, metadata: {} }).url, /^https:\/\/other\.example\/up\//);
});

test("an uploader's own endpoints go before those of the page", () => {
  const endpoints = { upload_url: `${THERE}/up/`, username: "ada", api_key: "PAGE" };
  const request = (own) => setUp({ endpoints, own }).server.chunkRequest({ known: null, metadata: {} });
  const { url, headers } = request({ api_key: "OWN" });
  assert.match(url, /^https:\/\/other\.example\/up\//);
  assert.equal(headers.Authorization, "ApiKey ada:OWN");
  assert.equal(request({ upload_url: `${THERE}/up/` }).headers.Authorization, "ApiKey ada:PAGE");
});

test("the page's key goes to no other server than the page's", () => {
  const key = { username: "ada", api_key: "KEY" };
  const third = { upload_url: "https://third.example/up/" };
  for (const endpoints of [key, { ...key, upload_url: `${THERE}/up/` }]) {
    const { server } = setUp({ endpoints, own: third });
    const { url, headers } = server.chunkRequest({ known: null, metadata: {} });
    assert.match(url, /^https:\/\/third\.example\/up\//);
    assert.deepEqual(headers, {});
  }
});

test("credentials are asked for once, and anew where they are no good", async () => {
  let calls = 0;
  const authentication = async () => ({ username: "ada", api_key: `KEY${(calls += 1)}` });
  const { server } = setUp({ endpoints: { authentication } });
  await server.authenticate();
  await server.authenticate();
  const key = () => server.withCredentials(`${THERE}/`).headers.Authorization;
  assert.equal(key(), "ApiKey ada:KEY1");
  assert.equal(await server.renewAccess(), true);
  assert.equal(key(), "ApiKey ada:KEY2");
});

test("credentials that cannot be had are a login or a network away", async () => {
  const authentication = async () => {
    throw new Error("The login server is away.");
  };
  for (const [onLine, status] of [[true, 401], [false, 0]]) {
    const { server } = setUp({ endpoints: { authentication }, onLine });
    await assert.rejects(server.authenticate(), { status });
    assert.equal(await server.renewAccess(), false);
  }
});

test("a CSRF token that another login brought is taken from its cookie", () => {
  const cookie = "a=b; csrftoken=NEW";
  const { server } = setUp({ cookie });
  assert.equal(server.renewCsrfToken(), true);
  assert.equal(server.plain("/").headers["X-CSRFToken"], "NEW");
  assert.equal(server.renewCsrfToken(), false);
  assert.equal(setUp({ cookie: "a=b" }).server.renewCsrfToken(), false);
});

// --- where chunks go ---

test("a first chunk says what is known of its file in the query", () => {
  const { server } = setUp({ site: { query: "for_form=1&next=a b" } });
  const request = server.chunkRequest({ known: null, fingerprint: "f", metadata: { relativePath: "é&+/a.txt" } });
  const { searchParams } = new URL(request.url);
  assert.deepEqual(Object.fromEntries(searchParams), {
    for_form: "1",
    next: "a b",
    fingerprint: "f",
    metadata: '{"relativePath":"é&+/a.txt"}',
  });
});

// Both ways in which a script names endpoints.
const WAYS = [(endpoints) => ({ endpoints }), (own) => ({ own })];

test("limits go to the site that signed them, and to no other", () => {
  for (const way of WAYS) {
    const sent = (upload_url) => {
      const site = { query: "for_form=1&limits=SIGNED" };
      const { server } = setUp({ site, ...way(upload_url && { upload_url }) });
      const { url } = server.chunkRequest({ known: null, fingerprint: "f", metadata: {} });
      return new URL(url).searchParams.get("limits");
    };
    assert.equal(sent(undefined), "SIGNED");
    assert.equal(sent(`${HERE}/uploads/upload/`), "SIGNED");
    assert.equal(sent(`${THERE}/uploads/upload/`), null);
  }
});

test("a login is what lets in where the page has no credentials of its own", () => {
  for (const way of WAYS) {
    const goesByLogin = (endpoints) => setUp(way(endpoints)).server.goesByLogin;
    assert.equal(goesByLogin(), true);
    assert.equal(goesByLogin({ upload_url: SITE.upload_url }), true);
    assert.equal(goesByLogin({ upload_url: `${THERE}/` }), false);
    assert.equal(goesByLogin({ username: "ada", api_key: "KEY" }), false);
    assert.equal(goesByLogin({ authentication: async () => ({}) }), false);
  }
});

test("a path that no server keeps is not sent", () => {
  const { server } = setUp();
  const metadata = (path) => {
    const told = path ? { relativePath: path } : {};
    const { url } = server.chunkRequest({ known: null, fingerprint: "f", metadata: told });
    return new URL(url).searchParams.get("metadata");
  };
  const around = '{"relativePath":""}'.length;
  assert.equal(metadata(""), null);
  assert.equal(metadata("x".repeat(4096 - around)).length, 4096);
  assert.equal(metadata("x".repeat(4097 - around)), null);
  assert.equal(metadata("é".repeat(2100)), null);
});

test("later chunks go to the signed URL, with nothing that tells who sends", () => {
  const { server } = setUp({ endpoints: { username: "ada", api_key: "KEY" } });
  const url = `${THERE}/uploads/upload/a/?token=t`;
  const request = server.chunkRequest({ known: { url }, fingerprint: "f", metadata: { a: "b" } });
  assert.deepEqual(request, { url, headers: {}, withCookies: false });
});

// --- limits ---

const LIMITS = [
  [{ max_size: "1000", extensions: "mp4,.MOV" }, { maxSize: 1000, maxFiles: Infinity, accept: [".mp4", ".mov"] }],
  [{ accept: "image/*, .MP4,text/csv", max_files: "3" }, { maxSize: Infinity, maxFiles: 3, accept: ["image/*", ".mp4", "text/csv"] }],
  [{ max_size: 5, extensions: [" ogg "] }, { maxSize: 5, maxFiles: Infinity, accept: [".ogg"] }],
  [{}, { maxSize: Infinity, maxFiles: Infinity, accept: [] }],
  [{ max_size: "", extensions: "," }, { maxSize: Infinity, maxFiles: Infinity, accept: [] }],
];

test("limits are read as they are written", () => {
  for (const [site, limits] of LIMITS) assert.deepEqual(setUp({ site }).server.limits, limits);
});

test("another server has its own limits, and our site's are not its", () => {
  const site = { max_size: "1", extensions: "txt" };
  const elsewhere = { upload_url: `${THERE}/`, max_size: 7 };
  for (const way of WAYS) {
    const { limits } = setUp({ site, ...way(elsewhere) }).server;
    assert.deepEqual(limits, { maxSize: 7, maxFiles: Infinity, accept: [] });
    const credentials = { username: "ada", api_key: "KEY" };
    assert.equal(setUp({ site, ...way(credentials) }).server.limits.maxSize, 1);
  }
});

test("markup that names no site has limits for whatever scripts name", () => {
  const site = { upload_url: undefined, accept: ".txt", query: "limits=SIGNED" };
  for (const way of WAYS) {
    const { server } = setUp({ site, ...way({ upload_url: `${THERE}/` }) });
    assert.deepEqual(server.limits.accept, [".txt"]);
    const { url } = server.chunkRequest({ known: null, fingerprint: "f", metadata: {} });
    assert.equal(new URL(url).searchParams.get("limits"), "SIGNED");
  }
});

test("the limit of a proxy is found in few steps", () => {
  const { server } = setUp();
  const sizes = [8 * MIB, MIB, 128 * 1024, 64 * 1024];
  const found = sizes.map((size) => [server.shrinkChunks(size), server.largestChunk]);
  assert.deepEqual(found, [
    [true, MIB],
    [true, MIB / 2],
    [true, 64 * 1024],
    [false, 64 * 1024],
  ]);
});

// --- questions ---

test("questions name the file", async () => {
  const { server, asked } = setUp({ answer: () => respond(200, "[]") });
  await server.matching({ name: "a b.txt", size: 7 }, "f", STILL);
  await server.unfinished(STILL);
  const queries = asked.map(({ url }) => Object.fromEntries(new URL(url).searchParams));
  assert.deepEqual(queries, [
    { for_form: "0", filename: "a b.txt", filesize: "7", fingerprint: "f" },
    { for_form: "0", all: "1" },
  ]);
  assert.deepEqual([asked[0].method, asked[0].cache], ["GET", "no-store"]);
});

test("a finished upload is asked for at its own URL, or at the page's", async () => {
  const { server, asked } = setUp({ answer: () => respond(200, '[{"url": "/f"}]') });
  const uuid = "11111111-1111-4111-8111-111111111111";
  await server.finish({ done_url: `${HERE}/done/?token=t` }, STILL);
  const answer = await server.finish({ upload_uuid: uuid }, STILL);
  assert.deepEqual(answer, { url: "/f" });
  assert.deepEqual(
    asked.map(({ method, url }) => `${method} ${url}`),
    [`POST ${HERE}/done/?token=t`, `POST ${HERE}/uploads/upload/done/${uuid}/`],
  );
});

const REFUSALS = [
  [respond(404, '[{"error": "not_found", "detail": "Gone."}]'), { status: 404, detail: "Gone." }],
  [respond(503, "<h1>Oops</h1>", { "Retry-After": "7" }), { status: 503, retryAfter: 7, detail: "" }],
  [respond(200, "<p>Log in</p>"), { status: 200, isCurable: true }],
];

test("an answer that is not one says what came", async () => {
  for (const [response, facts] of REFUSALS) {
    const { server } = setUp({ answer: () => response });
    await assert.rejects(server.unfinished(STILL), (failure) => {
      for (const [name, value] of Object.entries(facts)) assert.equal(failure[name], value);
      return true;
    });
  }
});

test("an empty answer is an empty list", async () => {
  const { server } = setUp({ answer: () => respond(204, "") });
  await server.remove({ delete_url: "/d" }, STILL);
});

test("a network that is away has the status 0", async () => {
  const answer = () => {
    throw new TypeError("Failed to fetch");
  };
  await assert.rejects(setUp({ answer }).server.unfinished(STILL), { status: 0 });
});

/** A fetch that never answers, but ends when it is aborted. */
function hang(url, { signal }) {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });
}

test("an answer that does not come is not waited for without end", async () => {
  const clock = new Clock();
  const { server } = setUp({ answer: hang, clock });
  const state = assert.rejects(server.state({ url: "/u" }, STILL), { status: 0 });
  await clock.advance(45_000);
  await state;
  let isOver = false;
  const done = server.finish({ done_url: "/d" }, STILL).catch(() => (isOver = true));
  await clock.advance(599_000);
  assert.equal(isOver, false); // a copy takes its time
  await clock.advance(1000);
  await done;
  assert.equal(clock.timers.size, 0);
});

test("a question that is aborted ends at once", async () => {
  const clock = new Clock();
  const { server, asked } = setUp({ answer: hang, clock });
  const controller = new AbortController();
  const state = assert.rejects(server.state({ url: "/u" }, controller.signal), { status: 0 });
  await clock.advance(1);
  controller.abort();
  await state;
  await assert.rejects(server.state({ url: "/u" }, controller.signal), { status: 0 });
  assert.equal(asked.length, 1);
  assert.equal(clock.timers.size, 0);
});
