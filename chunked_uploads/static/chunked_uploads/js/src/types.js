"use strict";

/*
 * What kind of thing a file is, by its name, and where that says nothing by the type
 * that the browser gave it.
 */
(function () {
  // A plain sheet of text (.txt, .md) is read by people, so it is a document.
  const EXTENSIONS = {
    pdf: "pdf",
    video: "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts webm wmv",
    audio: "aac aif aiff amr flac m4a mid mp3 oga ogg opus wav wma",
    image:
      "ai arw avif bmp cr2 cr3 dng eps gif heic heif ico jpeg jpg jxl nef png psd raw svg tif tiff webp",
    archive: "7z apk bz2 cab deb dmg gz iso jar rar rpm tar tbz tgz txz xz zip zst",
    document:
      "csv doc docx epub key md numbers odp ods odt pages ppt pptx rtf tex tsv txt xls xlsm xlsx",
    code:
      "c cc cpp cs css go h hpp htm html ini ipynb java js json jsx kt lua mjs php pl py r rb rs scss " +
      "sh sql swift toml tsx vue xml yaml yml",
  };
  const KINDS = new Map();
  Object.entries(EXTENSIONS).forEach(([kind, names]) => {
    names.split(" ").forEach((name) => KINDS.set(name, kind));
  });
  // The first that fits.
  const MIMES = [
    [/^(video|audio|image)\//, null],
    [/\/pdf$/, "pdf"],
    [/zip|tar$|compressed|archive/, "archive"],
    [/word|excel|powerpoint|office|opendocument|epub|rtf|^text\/(plain|csv|markdown)/, "document"],
    [/^text\/|json|xml|script/, "code"],
  ];

  /** One of pdf, video, audio, image, archive, document, code and other. */
  function typeOf(name, mime = "") {
    const [, extension = ""] = /\.(\w+)$/.exec(name) || [];
    const known = KINDS.get(extension.toLowerCase());
    if (known) return known;
    const type = mime.toLowerCase();
    const [pattern, kind] = MIMES.find(([each]) => each.test(type)) || [null, "other"];
    return kind || pattern.exec(type)[1];
  }

  Object.assign(window.ChunkedUploads, { typeOf });
})();
