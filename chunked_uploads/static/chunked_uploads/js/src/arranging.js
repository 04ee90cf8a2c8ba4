"use strict";

/*
 * Elements in their order, some of which are on their way out.
 */
(function () {
  const LEAVING = 200; // milliseconds
  const CLASS = "chunked-uploads-is-leaving";

  const isLeaving = (element) => element.classList.contains(CLASS);

  /** The elements in a place that are to stay. */
  function present(place) {
    return [...place.children].filter((child) => !isLeaving(child));
  }

  /** The one after an element that is to stay. */
  function following(element) {
    let next = element.nextElementSibling;
    while (next && isLeaving(next)) next = next.nextElementSibling;
    return next;
  }

  /** Put the elements into a place, in their order. */
  function order(place, elements, focused) {
    let next = null;
    [...elements].reverse().forEach((element) => {
      // What has the focus would lose it on its way: the others move around it.
      const isPinned = focused && element.contains(focused);
      if (!element.isConnected || (following(element) !== next && !isPinned)) place.insertBefore(element, next);
      next = element;
    });
  }

  /** Take an element away before the visitor's eyes. */
  function leave(element) {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      element.remove();
      return;
    }
    element.inert = true;
    element.setAttribute("aria-hidden", "true");
    element.removeAttribute("role");
    element.style.setProperty("height", `${element.offsetHeight}px`);
    void element.offsetHeight; // so that there is a height to begin from
    element.style.removeProperty("height");
    element.classList.add(CLASS);
    setTimeout(() => element.remove(), LEAVING);
  }

  Object.assign(window.ChunkedUploads, { leave, order, present });
})();
