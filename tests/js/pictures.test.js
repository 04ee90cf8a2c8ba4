"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { allDone, load } = require("./loading.js");

const photo = (name = "photo.jpg") => ({ name, type: "" });

/** What a tile shows: `face` is "type" at first, or the canvas with the picture of a file. */
class Tile {
  constructor() {
    this.face = { picture: null };
    this.sign = null;
  }

  querySelector(selector) {
    if (selector === ".chunked-uploads-film") return this.sign;
    const { face } = this;
    const isWanted = !selector.startsWith("canvas") || face.picture;
    return isWanted ? Object.assign(face, { replaceWith: (other) => this.show(other) }) : null;
  }

  show(face) {
    this.face = face;
    face.after = (sign) => {
      this.sign = sign;
      sign.remove = () => (this.sign = null);
    };
  }

  get picture() {
    return this.face.picture;
  }
}

/** Return Pictures in a browser whose worker answers as `answer` says, and what it has. */
function browser({ url = "/pictures.worker.js", answer = (worker, made) => worker.onmessage({ data: made }) } = {}) {
  const workers = [];
  class Worker {
    constructor(address) {
      this.asked = []; // names
      this.isOver = false;
      workers.push(this);
      if (address.startsWith("https:")) throw new Error("of another origin");
    }

    postMessage({ file, kind }) {
      this.asked.push(`${kind} ${file.name}`);
      const bitmap = { name: file.name, width: 160, height: 200, close() {} };
      answer(this, file.name.startsWith("broken") ? null : { bitmap, turn: 0 });
    }

    terminate() {
      this.isOver = true;
    }
  }
  const observed = new Set();
  let look = null;
  class IntersectionObserver {
    constructor(see) {
      look = see;
      this.observe = (tile) => observed.add(tile);
      this.unobserve = (tile) => observed.delete(tile);
      this.disconnect = () => observed.clear();
    }
  }
  function createElement() {
    const canvas = { picture: null };
    const drawImage = ({ name }) => (canvas.picture = name);
    canvas.getContext = () => ({ translate() {}, rotate() {}, scale() {}, drawImage });
    return canvas;
  }
  const createElementNS = () => ({ setAttribute() {}, append() {} });
  const document = { createElement, createElementNS };
  const globals = { window: { Worker }, Worker, IntersectionObserver, document };
  const { Pictures } = load(["icons", "types", "pictures"], globals);
  const see = async (isIntersecting, ...tiles) => {
    look(tiles.map((target) => ({ target, isIntersecting })));
    await allDone();
  };
  return { pictures: new Pictures(url), workers, observed, see };
}

function watch(pictures, ...names) {
  return names.map((name) => {
    const tile = new Tile();
    pictures.watch(tile, photo(name));
    return tile;
  });
}

test("what is in sight has its picture, films a sign beside it", async () => {
  const { pictures, workers, see } = browser();
  const [one, film, unseen] = watch(pictures, "one.jpg", "film.mp4", "unseen.jpg");
  assert.equal(workers.length, 0);
  await see(true, one, film);
  assert.deepEqual([one.picture, film.picture, unseen.picture], ["one.jpg", "film.mp4", null]);
  assert.deepEqual([one.sign !== null, film.sign !== null], [false, true]);
  assert.deepEqual(workers[0].asked, ["image one.jpg", "video film.mp4"]);
});

test("what was out of sight before its turn is not drawn", async () => {
  const waiting = [];
  const { pictures, workers, see } = browser({ answer: (worker, made) => waiting.push([worker, made]) });
  const tiles = watch(pictures, "1.jpg", "2.jpg", "3.jpg");
  await see(true, ...tiles);
  await see(false, tiles[1]);
  const [[worker, made]] = waiting;
  worker.onmessage({ data: made });
  await allDone();
  assert.deepEqual(workers[0].asked, ["image 1.jpg", "image 3.jpg"]);
});

test("a picture that comes too late is not shown", async () => {
  const waiting = [];
  const { pictures, see } = browser({ answer: (worker, made) => waiting.push([worker, made]) });
  const [tile] = watch(pictures, "1.jpg");
  await see(true, tile);
  pictures.watch(tile, photo("other.txt"));
  const [[worker, made]] = waiting;
  worker.onmessage({ data: made });
  await allDone();
  assert.equal(tile.picture, null);
});

test("of a thousand pictures a hundred are kept, and those in sight", async () => {
  const { pictures, see } = browser();
  const tiles = watch(pictures, ...Array.from({ length: 1000 }, (_, i) => `${i}.jpg`));
  for (let i = 0; i < tiles.length; i += 10) {
    const some = tiles.slice(i, i + 10);
    await see(true, ...some);
    assert.deepEqual(some.map(({ picture }) => picture), some.map((_, j) => `${i + j}.jpg`));
    if (i > 0) await see(false, ...some); // the first stay
  }
  const kept = tiles.filter(({ picture }) => picture);
  assert.equal(kept.length, 100);
  assert.deepEqual(kept, [...tiles.slice(0, 10), ...tiles.slice(-90)]);
  await see(true, tiles[500]);
  assert.equal(tiles[500].picture, "500.jpg");
});

test("a tile that is watched no more is as it was", async () => {
  const { pictures, observed, see } = browser();
  const [tile] = watch(pictures, "film.mp4");
  const { face } = tile;
  await see(true, tile);
  assert.equal(tile.picture, "film.mp4");
  pictures.unwatch(tile);
  assert.deepEqual([tile.face, tile.sign, observed.size], [face, null, 0]);
});

test("a file without a picture keeps its tile, and is not read again", async () => {
  const { pictures, workers, see } = browser();
  const [tile, sound] = watch(pictures, "broken.jpg", "song.mp3");
  for (let i = 0; i < 3; i += 1) {
    await see(true, tile, sound);
    await see(false, tile, sound);
  }
  assert.equal(tile.picture, null);
  assert.deepEqual(workers[0].asked, ["image broken.jpg"]);
});

test("where the worker cannot be had, all tiles stay as they are", async () => {
  const without = browser({ url: "" });
  await without.see(true, ...watch(without.pictures, "1.jpg"));
  assert.equal(without.workers.length, 0);
  const broken = { answer: (worker) => worker.onerror(new Error("404")) };
  const foreign = { url: "https://cdn.example.com/pictures.worker.js" };
  for (const [options, asked] of [[broken, ["image 1.jpg"]], [foreign, []]]) {
    const { pictures, workers, see } = browser(options);
    const tiles = watch(pictures, "1.jpg", "2.jpg");
    await see(true, ...tiles);
    assert.deepEqual(workers.map((worker) => worker.asked), [asked]); // once
    assert.deepEqual(tiles.map(({ picture }) => picture), [null, null]);
  }
});

test("at the end the worker goes, and the pictures", async () => {
  const { pictures, workers, observed, see } = browser();
  const [tile] = watch(pictures, "1.jpg");
  await see(true, tile);
  pictures.end();
  assert.deepEqual([tile.picture, workers[0].isOver, observed.size], [null, true, 0]);
});
