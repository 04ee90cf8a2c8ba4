"use strict";

/*
 * Handles of the visitor's files, by which the page may have them again after it was
 * closed, where the browser has such: kept until their uploads end, for a week at most.
 */
(function () {
  if (window.ChunkedUploads.keepHandle) return; // brought twice

  const NAME = "chunked-uploads";
  const STORE = "handles"; // upload_uuid -> { handle, name, size, at }
  const KEPT = 7 * 24 * 60 * 60 * 1000; // milliseconds
  const READ = { mode: "read" };

  const kept = new WeakMap(); // upload -> [UUID, handle], as they were kept last
  const stored = new Set(); // UUIDs
  let opening = null;
  let isTidy = false;

  // Others have handles of files of their own alone, which no visitor chooses.
  function hasHandles() {
    const { FileSystemFileHandle } = window;
    return Boolean(FileSystemFileHandle && FileSystemFileHandle.prototype.requestPermission);
  }

  // --- the store ---

  function openDatabase() {
    return new Promise((resolve, reject) => {
      const request = window.indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        database.onversionchange = () => database.close();
        resolve(database);
      };
    });
  }

  /** Resolves to what `act` asks of the store; null where there is none. */
  async function ask(mode, act) {
    if (!hasHandles()) return null;
    try {
      if (!opening) opening = openDatabase();
      const transaction = (await opening).transaction(STORE, mode);
      return await new Promise((resolve, reject) => {
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } catch (error) {
      return null; // in a private window, on a full disk: the visitor chooses the file again
    }
  }

  async function removeOld() {
    if (isTidy) return;
    isTidy = true;
    const limit = Date.now() - KEPT;
    await ask("readwrite", (store) => {
      const request = store.openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        if (!(cursor.value.at > limit)) cursor.delete();
        cursor.continue();
      };
      return request;
    });
  }

  // --- one upload ---

  /** Keep the handle of the upload's file, if it has one and the server has a part of it. */
  async function keepHandle(upload) {
    const { handle, held, known, name, size } = upload;
    const uuid = known && known.upload_uuid;
    const [before, old] = kept.get(upload) || [];
    if (!handle || !uuid || held >= size || (before === uuid && old === handle)) return;
    kept.set(upload, [uuid, handle]);
    stored.add(uuid);
    if (before && before !== uuid) await forgetHandle(before);
    await ask("readwrite", (store) => store.put({ handle, name, size, at: Date.now() }, uuid));
    await removeOld();
  }

  /** Resolves to the handle of an upload that the server has listed; null without one. */
  async function recallHandle({ upload_uuid }) {
    const found = await ask("readonly", (store) => store.get(upload_uuid));
    if (!found || !(found.at > Date.now() - KEPT)) return null;
    stored.add(upload_uuid);
    return found.handle;
  }

  async function forgetHandle(upload_uuid) {
    if (!stored.delete(upload_uuid)) return;
    await ask("readwrite", (store) => store.delete(upload_uuid));
  }

  /** Resolves to the file, if the visitor lets the page have it; null otherwise. */
  async function fileFrom(handle) {
    if (!handle) return null;
    try {
      const permission = await handle.queryPermission(READ);
      if (permission !== "granted" && (await handle.requestPermission(READ)) !== "granted") return null;
      return await handle.getFile();
    } catch (error) {
      return null; // it was moved or deleted
    }
  }

  if (window.document) {
    document.addEventListener("chunkeduploads:progress", ({ detail }) => {
      keepHandle(detail.upload);
    });
    ["complete", "cancel", "error"].forEach((name) => {
      document.addEventListener(`chunkeduploads:${name}`, ({ detail }) => {
        // A failed one has its handle still, unless that gave another file.
        if (name !== "error" || !detail.upload.handle) forgetHandle(detail.upload_uuid);
      });
    });
  }

  Object.assign(window.ChunkedUploads, { fileFrom, forgetHandle, keepHandle, recallHandle });
})();
