// node upload.mjs FILE UPLOAD_URL, with USERNAME and KEY in the environment.
// Written from docs/protocol.md alone, to show that it says everything.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { basename } from "node:path";

const [path, uploadUrl] = process.argv.slice(2);
const credentials = { Authorization: `ApiKey ${process.env.USERNAME}:${process.env.KEY}` };
const file = await open(path);
const { size: total } = await file.stat();
let [largest, lastSize, hasAnswered] = [2 ** 30, 0, false]; // bytes of a chunk

async function read(start, end) {
  return (await file.read(Buffer.alloc(end - start), 0, end - start, start)).buffer;
}

async function fingerprintOf() {
  const hash = createHash("sha256").update(`${total}\n`);
  if (total <= 2 ** 20) return hash.update(await read(0, total)).digest("hex");
  const starts = Array.from({ length: 32 }, (_, i) => Math.floor((i * (total - 32768)) / 31));
  for (const start of starts) hash.update(await read(start, start + 32768));
  return hash.digest("hex");
}

async function ask(method, url, query = {}, headers = {}, body = undefined) {
  const target = new URL(new URL(url).pathname + new URL(url).search, uploadUrl);
  Object.entries(query).forEach(([name, value]) => target.searchParams.set(name, value));
  const signal = AbortSignal.timeout(60_000);
  const answer = await fetch(target, { method, headers, body, signal, redirect: "manual" });
  const items = await answer.json().catch((failure) => {
    if (!(failure instanceof SyntaxError)) throw failure; // the answer broke off
    return null;
  });
  hasAnswered ||= answer.ok && items !== null;
  if (answer.ok && items) return items;
  const { error, detail = `status ${answer.status}` } = items?.[0] ?? {};
  const isCurable = answer.status >= 500 || [408, 409, 429].includes(answer.status);
  const isDamaged = ["body_cut", "digest_mismatch"].includes(error);
  const isAnothers = answer.status < 400 && hasAnswered;
  const isTooLarge = answer.status === 413 && !items && lastSize > 64 * 1024;
  const isHelped = isCurable || isDamaged || isAnothers || isTooLarge;
  const isHopeless = error === "content_conflict" || !isHelped;
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0; // seconds
  throw Object.assign(new Error(detail), { isHopeless, isTooLarge, retryAfter });
}

async function send(url, start, end, query, headers) {
  const body = await read(start, end);
  lastSize = end - start;
  const digest = createHash("sha256").update(body).digest("base64");
  const range = total ? { "Content-Range": `bytes ${start}-${end - 1}/${total}` } : {};
  const type = { "Content-Type": "application/octet-stream" };
  const all = { ...type, ...range, "Content-Digest": `sha-256=:${digest}:`, ...headers };
  return (await ask("POST", url, query, all, body))[0];
}

async function find(url) {
  if (url) return (await ask("GET", url, { wait: 5 }))[0];
  const look = (mark) =>
    ask("GET", uploadUrl, { filename: basename(path), filesize: total, fingerprint: mark }, credentials);
  const others = (await look("-")).map((each) => each.upload_uuid);
  const found = (await look(fingerprint)).filter((each) => !others.includes(each.upload_uuid));
  const [most] = found.sort((one, other) => other.received - one.received);
  return most && find(most.url);
}

async function advance(state) {
  if (state && state.size >= total) return (await ask("POST", state.done_url))[0];
  if (!state) {
    const name = `attachment; filename="${encodeURIComponent(basename(path))}"`;
    const headers = { ...credentials, "Content-Disposition": name };
    return send(uploadUrl, 0, Math.min(256 * 1024, largest, total), { fingerprint }, headers);
  }
  const { url, size, gap, chunk_size } = state;
  return send(url, size, size + Math.min(chunk_size, largest, gap ?? total, total - size));
}

const fingerprint = await fingerprintOf();
let [state, isSure, pause] = [null, false, 1]; // seconds
while (state?.state !== "COMPLETE") {
  try {
    state = isSure ? await advance(state) : await find(state?.url);
    [isSure, pause] = [true, 1];
  } catch (failure) {
    if (failure.isHopeless) throw failure;
    const isTooLarge = failure.isTooLarge || failure.name === "TimeoutError";
    if (isTooLarge) largest = Math.max(64 * 1024, Math.floor(lastSize / 2));
    const seconds = Math.max(pause * (0.5 + Math.random() / 2), failure.retryAfter ?? 0);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    [isSure, pause] = [false, Math.min(2 * pause, 60)];
  }
}
console.log(state.url);
await file.close();
