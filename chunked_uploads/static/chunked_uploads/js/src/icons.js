"use strict";

/*
 * The signs: one set of shapes for all uploaders of the page, which `icon` refers to.
 */
(function () {
  const ID = "chunked-uploads-";
  // By the width of the square that they are drawn in.
  const SHAPES = {
    24: {
      pdf:
        "<path d='M7 2h5v5a3 3 0 0 0 3 3h4v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Zm.1 10.9v5.6h1.2v-1.7h.8a1.95 1.95 0 0 0 0-3.9Zm1.2 1.1h.7a.85.85 0 0 1 0 1.7h-.7Zm3-1.1v5.6h1.4a2.1 2.1 0 0 0 2.1-2.1v-1.4a2.1 2.1 0 0 0-2.1-2.1Zm1.2 1.1h.2a1 1 0 0 1 1 1v1.4a1 1 0 0 1-1 1h-.2Zm3.2-1.1v5.6h1.2v-2.2h1v-1.1h-1V14h1.3v-1.1Z' fill-rule='evenodd'/>" +
        "<path d='M14 2.6V7a1 1 0 0 0 1 1h3.9Z' opacity='.55'/>",
      video: "<path d='M5.5 4.5h13a3.5 3.5 0 0 1 3.5 3.5v8a3.5 3.5 0 0 1-3.5 3.5h-13A3.5 3.5 0 0 1 2 16V8a3.5 3.5 0 0 1 3.5-3.5Zm4.25 4.6v5.8a.8.8 0 0 0 1.2.7l4.9-2.9a.8.8 0 0 0 0-1.4l-4.9-2.9a.8.8 0 0 0-1.2.7Z' fill-rule='evenodd'/>",
      audio:
        "<rect x='2.2' y='9' width='2.6' height='6' rx='1.3'/>" +
        "<rect x='6.45' y='5.5' width='2.6' height='13' rx='1.3'/>" +
        "<rect x='10.7' y='2.5' width='2.6' height='19' rx='1.3'/>" +
        "<rect x='14.95' y='6.5' width='2.6' height='11' rx='1.3'/>" +
        "<rect x='19.2' y='9.5' width='2.6' height='5' rx='1.3'/>",
      image: "<path d='M6 3.5h12A3.5 3.5 0 0 1 21.5 7v10a3.5 3.5 0 0 1-3.5 3.5H6A3.5 3.5 0 0 1 2.5 17V7A3.5 3.5 0 0 1 6 3.5Zm1.6 3.3a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.8ZM5 16.9a1.3 1.3 0 0 0 1.3 1.3h11.4a1.3 1.3 0 0 0 1.3-1.3v-1.3l-3.3-3.9a1.2 1.2 0 0 0-1.8 0l-3.2 3.7-1.5-1.6a1.2 1.2 0 0 0-1.7 0L5 16.3Z' fill-rule='evenodd'/>",
      archive:
        "<rect x='2.5' y='3.5' width='19' height='5.5' rx='1.75'/>" +
        "<path d='M4 10.5h16v7a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3Zm5.9 2.3a1.1 1.1 0 0 0 0 2.2h4.2a1.1 1.1 0 0 0 0-2.2Z' fill-rule='evenodd'/>",
      document:
        "<path d='M7 2h5v5a3 3 0 0 0 3 3h4v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Zm1.8 10.6a.9.9 0 0 0 0 1.8h6.4a.9.9 0 0 0 0-1.8Zm0 3.7a.9.9 0 0 0 0 1.8h3.7a.9.9 0 0 0 0-1.8Z' fill-rule='evenodd'/>" +
        "<path d='M14 2.6V7a1 1 0 0 0 1 1h3.9Z' opacity='.55'/>",
      code:
        "<path d='M8.3 6.5a1.3 1.3 0 0 1 0 1.8L4.7 12l3.6 3.7a1.3 1.3 0 0 1-1.9 1.8L2 12.9a1.3 1.3 0 0 1 0-1.8l4.4-4.6a1.3 1.3 0 0 1 1.9 0Zm7.4 0a1.3 1.3 0 0 0 0 1.8l3.6 3.7-3.6 3.7a1.3 1.3 0 0 0 1.9 1.8l4.4-4.6a1.3 1.3 0 0 0 0-1.8l-4.4-4.6a1.3 1.3 0 0 0-1.9 0Z'/>" +
        "<path d='M13.7 4.4a1.2 1.2 0 0 1 .8 1.5l-3.3 12.9a1.2 1.2 0 0 1-2.3-.6l3.3-12.9a1.2 1.2 0 0 1 1.5-.9Z' opacity='.6'/>",
      other:
        "<path d='M7 2h5v5a3 3 0 0 0 3 3h4v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2Z'/>" +
        "<path d='M14 2.6V7a1 1 0 0 0 1 1h3.9Z' opacity='.55'/>",
      up: "<path d='M11 3.9a1.4 1.4 0 0 1 2 0l5.3 5.3a1.4 1.4 0 0 1-2 2l-2.9-2.9V19a1.4 1.4 0 0 1-2.8 0V8.3l-2.9 2.9a1.4 1.4 0 0 1-2-2Z'/>",
      "play-small": "<path d='M8 5.3v13.4a1 1 0 0 0 1.5.9l11-6.7a1 1 0 0 0 0-1.7l-11-6.8a1 1 0 0 0-1.5.9Z'/>",
      done: "<path d='M19.9 6.3a1.4 1.4 0 0 1 .1 2l-9 10a1.4 1.4 0 0 1-2 .1l-4.9-4.6a1.4 1.4 0 0 1 1.9-2l3.9 3.6 8-9a1.4 1.4 0 0 1 2-.1Z'/>",
      queue:
        "<circle cx='5' cy='12' r='2'/>" +
        "<circle cx='12' cy='12' r='2'/>" +
        "<circle cx='19' cy='12' r='2'/>",
      refused: "<path d='M12 2.5a9.5 9.5 0 1 1 0 19 9.5 9.5 0 0 1 0-19ZM8.3 10.7a1.3 1.3 0 0 0 0 2.6h7.4a1.3 1.3 0 0 0 0-2.6Z' fill-rule='evenodd'/>",
      camera: "<path d='M9.6 3.5h4.8a2 2 0 0 1 1.7 1l.9 1.5H19a3 3 0 0 1 3 3v8.5a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3h2l.9-1.5a2 2 0 0 1 1.7-1ZM12 8.7a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4Zm0 2.1a2.1 2.1 0 1 1 0 4.2 2.1 2.1 0 0 1 0-4.2Z' fill-rule='evenodd'/>",
      folder: "<path d='M5 4h3.8a2.5 2.5 0 0 1 1.8.8L12 6.2h7a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3Z'/>",
    },
    20: {
      pause:
        "<rect x='5.25' y='4' width='3.25' height='12' rx='1.2'/>" +
        "<rect x='11.5' y='4' width='3.25' height='12' rx='1.2'/>",
      play: "<path d='M6 4.4v11.2a.9.9 0 0 0 1.35.77l9.1-5.6a.9.9 0 0 0 0-1.54l-9.1-5.6A.9.9 0 0 0 6 4.4Z'/>",
      bin:
        "<path d='M8.3 2.5h3.4a1.3 1.3 0 0 1 1.3 1.3v.7h3.2a.8.8 0 0 1 0 1.6H3.8a.8.8 0 0 1 0-1.6H7v-.7a1.3 1.3 0 0 1 1.3-1.3Z'/>" +
        "<path d='M4.7 7.4h10.6l-.6 8.3a2 2 0 0 1-2 1.8H7.3a2 2 0 0 1-2-1.8Zm3.4 2a.7.7 0 0 0-.7.76l.25 4a.7.7 0 1 0 1.4-.1l-.25-4a.7.7 0 0 0-.7-.66Zm3.8 0a.7.7 0 0 0-.7.66l-.25 4a.7.7 0 1 0 1.4.1l.25-4a.7.7 0 0 0-.7-.76Z' fill-rule='evenodd'/>",
      dismiss: "<path d='M5.4 5.4a.95.95 0 0 1 1.35 0L10 8.65l3.25-3.25a.95.95 0 0 1 1.35 1.35L11.35 10l3.25 3.25a.95.95 0 0 1-1.35 1.35L10 11.35 6.75 14.6a.95.95 0 0 1-1.35-1.35L8.65 10 5.4 6.75a.95.95 0 0 1 0-1.35Z'/>",
      chevron: "<path d='M4.7 7.3a.95.95 0 0 1 1.35 0L10 11.25l3.95-3.95a.95.95 0 0 1 1.35 1.35l-4.6 4.6a1 1 0 0 1-1.4 0L4.7 8.65a.95.95 0 0 1 0-1.35Z'/>",
      bell:
        "<path d='M10 2.2a1.2 1.2 0 0 1 1.2 1.2v.3a4.8 4.8 0 0 1 3.6 4.6v2.9l1.4 2.1a.9.9 0 0 1-.75 1.4H4.55a.9.9 0 0 1-.75-1.4l1.4-2.1V8.300a4.8 4.8 0 0 1 3.6-4.600v-.3A1.2 1.2 0 0 1 10 2.200Z'/>" +
        "<path d='M8.1 15.900h3.800a1.9 1.9 0 0 1-3.8 0Z'/>",
    },
    16: {
      "badge-paused":
        "<rect x='5' y='4.7' width='2.1' height='6.6' rx='.8'/>" +
        "<rect x='8.9' y='4.7' width='2.1' height='6.6' rx='.8'/>",
      "badge-waiting": "<path d='M8 3.9a.8.8 0 0 1 .8.8v2.9l2 1.4a.8.8 0 0 1-.9 1.3L7.5 8.7A.8.8 0 0 1 7.2 8V4.7a.8.8 0 0 1 .8-.8Z'/>",
      "badge-failed":
        "<rect x='7.05' y='3.6' width='1.9' height='5.6' rx='.95'/>" +
        "<circle cx='8' cy='11.5' r='1.15'/>",
      "badge-refused": "<rect x='4.3' y='7.05' width='7.4' height='1.9' rx='.95'/>",
    },
  };

  function symbolsOf([size, shapes]) {
    return Object.entries(shapes)
      .map(([name, shape]) => `<symbol id='${ID}${name}' viewBox='0 0 ${size} ${size}'>${shape}</symbol>`)
      .join("");
  }

  /** Put the shapes into the page, once. */
  function bringIcons() {
    if (document.getElementById(`${ID}up`)) return;
    const symbols = Object.entries(SHAPES).map(symbolsOf).join("");
    const text = `<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'>${symbols}</svg>`;
    const sprite = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    sprite.setAttribute("class", `${ID}hidden`);
    sprite.setAttribute("aria-hidden", "true");
    document.body.prepend(document.importNode(sprite, true));
  }

  /** A sign of that name, for the eye only. */
  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS(svg.namespaceURI, "use");
    use.setAttribute("href", `#${ID}${name}`);
    svg.setAttribute("aria-hidden", "true");
    svg.append(use);
    return svg;
  }

  Object.assign(window.ChunkedUploads, { bringIcons, icon });
})();
