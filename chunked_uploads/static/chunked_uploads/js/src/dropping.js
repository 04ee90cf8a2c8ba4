"use strict";

/*
 * Drops and pastes anywhere on the page: which uploader takes them, and what is left to
 * others. What is dropped where nobody takes it would open in place of the page.
 */
(function () {
  if (window.ChunkedUploads.listen) return; // brought twice: one takes a drop

  const { filesOf, fromList, fromTransfer, withOwnName } = window.ChunkedUploads;

  const ENDS_AFTER = 700; // milliseconds after the last event of a drag
  const LEAVES_AFTER = 100; // milliseconds after it left an element, for none that is known
  const EDITABLE = "input, textarea, select, [contenteditable]";

  const takers = new Map(); // root -> { add, showDrag, isFull }
  let timer = null; // until the drag counts as over
  let shown = null; // the root that shows it
  let isFromPage = false; // what is dragged: an image of the page, say

  /**
   * Call `add` with what the visitor drops or pastes for this root, and `showDrag` with
   * how many items are dragged over the page for it (a folder is one), or null where
   * that ends. While it `isFull`, what comes would replace what is there: that is meant
   * only where it comes to the root itself.
   */
  function listen(root, { add, showDrag, isFull, signal }) {
    takers.set(root, { add, showDrag, isFull });
    signal.addEventListener("abort", () => {
      if (shown === root) end();
      takers.delete(root);
    });
  }

  function hear() {
    const on = (name, act, isCapturing = false) => {
      const listener = (event) => {
        const { types = [] } = event.dataTransfer || event.clipboardData || {};
        if (takers.size && !isFromPage && [...types].includes("Files")) act(event);
      };
      // The last to be asked, after all elements that may take it for themselves.
      window.addEventListener(name, listener, isCapturing);
    };
    on("dragover", follow);
    // Leaving the window; but some browsers never say where to.
    on("dragleave", ({ relatedTarget }) => relatedTarget || endAfter(LEAVES_AFTER));
    on("drop", end, true); // whoever stops it
    on("drop", take);
    on("paste", paste);
    const note = (isFrom) => () => {
      isFromPage = isFrom;
    };
    window.addEventListener("dragstart", note(true), true);
    ["dragend", "pointerdown"].forEach((name) => window.addEventListener(name, note(false), true));
  }

  // It comes as long as something is dragged over the page, and nothing else does so for
  // certain when that ends.
  function follow(event) {
    endAfter(ENDS_AFTER);
    // An editor that says nothing until the drop may take it.
    const root = elementAt(event).isContentEditable ? undefined : rootFor(event);
    show(root || null, filesOf(event.dataTransfer).length);
    if (root === undefined) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = root ? "copy" : "none";
  }

  async function take(event) {
    const root = rootFor(event);
    if (root === undefined) return;
    event.preventDefault();
    if (!root) return;
    const { add } = takers.get(root);
    add(await fromTransfer(event.dataTransfer));
  }

  function paste(event) {
    if (event.defaultPrevented) return;
    const element = elementAt(event);
    const root = rootAt(element) || (element.closest(EDITABLE) ? null : firstRoot());
    if (!root || !isUsable(root)) return;
    event.preventDefault();
    const found = fromList(event.clipboardData.files);
    takers.get(root).add(found.map(({ file, path }) => ({ file: withOwnName(file), path })));
  }

  // --- whose it is ---

  /** The root that takes a drag: null where none can, undefined where it is others'. */
  function rootFor(event) {
    const element = elementAt(event);
    const root = rootAt(element);
    if (root) return isUsable(root) ? root : null;
    if (event.defaultPrevented || element.closest("input[type=file]")) return undefined;
    return firstRoot();
  }

  // Some browsers name a text, or the document itself.
  function elementAt({ target }) {
    return target instanceof Element ? target : target.parentElement || document.body;
  }

  function rootAt(element) {
    return [...takers.keys()].find((root) => root.contains(element));
  }

  function firstRoot() {
    const isBefore = (one, other) => one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
    const usable = [...takers.keys()].filter((root) => isUsable(root) && !takers.get(root).isFull());
    return usable.sort((one, other) => (isBefore(one, other) ? -1 : 1))[0] || null;
  }

  /** Whether the visitor sees it and could choose files with it. */
  function isUsable(root) {
    const dialog = openDialog();
    return (
      root.getClientRects().length > 0 &&
      !root.matches("[inert], [inert] *, fieldset:disabled *") &&
      (!dialog || dialog.contains(root))
    );
  }

  function openDialog() {
    try {
      return [...document.querySelectorAll("dialog:modal")].pop();
    } catch (error) {
      return null; // the browser does not know the selector
    }
  }

  // --- what is seen of it ---

  function show(root, count) {
    if (root === shown) return;
    if (shown) takers.get(shown).showDrag(null);
    shown = root;
    if (root) takers.get(root).showDrag({ count });
  }

  function end() {
    clearTimeout(timer);
    show(null);
  }

  function endAfter(wait) {
    clearTimeout(timer);
    timer = setTimeout(end, wait);
  }

  hear();

  Object.assign(window.ChunkedUploads, { listen });
})();
