// Types of chunked_uploads.mjs: https://pypi.org/project/django-chunked-uploads/, docs/page.md.

/** Make an uploader of an element, or of the partial in it, unless it is one; return it. */
export function mount(element: HTMLElement, options?: Options): Uploader;

/** Stop an uploader; what the server has of its files stays there. */
export function unmount(uploader: Uploader): void;

/**
 * Make an uploader of each `[data-chunked-uploads]` of the page, also of those that come
 * later, and stop those that are taken out of it. Returns what ends that.
 */
export function observe(): () => void;

/** What kind of thing a file is, by its name, else by its media type. */
export function typeOf(
  name: string,
  mime?: string,
): "pdf" | "video" | "audio" | "image" | "archive" | "document" | "code" | "other";

/** Those of the page. */
export const uploaders: Set<Uploader>;

/** The partial's attributes. */
export interface Options {
  uploadUrl?: string;
  doneUrl?: string;
  csrfToken?: string;
  /** The name of the cookie that has a new token after a login in another tab. */
  csrfCookie?: string;
  /** Where to log in, where nobody is. */
  loginUrl?: string;
  /** Where digest.worker.js is, and pictures.worker.js; none: no digests, no pictures. */
  digestWorker?: string;
  pictureWorker?: string;
  /** As of a file input: `.mov`, `image/*`. */
  accept?: string | string[];
  /** Bytes of one file. */
  maxSize?: number;
  maxFiles?: number;
  /** Bytes, until the server suggests another size. */
  chunkSize?: number;
  filesInFlight?: number;
  rangesInFlight?: number;
  /** Seconds without a sign of life after which a connection counts as broken. */
  patience?: number;
  /** What the first request of each file carries in its query. */
  query?: string;
  /** What the uploader is called where files are dragged over the page. */
  name?: string;
  multiple?: boolean;
  autoStart?: boolean;
  showUnfinished?: boolean;
  /** "always": on lines that are faster than hashing, too. */
  digests?: boolean | "always";
  /** For this uploader alone what a page may set as `chunked_uploads_endpoints`. */
  endpoints?: Endpoints;
}

export interface Credentials {
  username?: string;
  api_key?: string;
  timestamp?: number | string;
  signature?: string;
}

export interface Endpoints extends Credentials {
  upload_url?: string;
  done_url?: string;
  /** Gives the credentials, at first and when they have run out. */
  authentication?: () => Credentials | Promise<Credentials>;
}

export class Uploader {
  private constructor();
  readonly root: HTMLElement;
  /** All of the list, in the order in which they came. */
  readonly uploads: Upload[];
  readonly limits: { maxSize: number; maxFiles: number; accept: string[] };
  /** Put files into the list. Resolves when the last one is in it. */
  add(files: Iterable<File>): Promise<void>;
  startAll(): void;
  pauseAll(): void;
  resumeAll(): void;
  retryFailed(): void;
  cancelAll(): void;
  /** As a visitor does it: asked for where much would be lost, or with a way back. */
  withdrawAll(): Promise<void>;
  /** Take from the list what is complete or was not taken. */
  clear(): void;
  /** Show a file that is there already. */
  addFinished(file: { name: string; size: number; url?: string }): Upload;
}

export type State =
  | "missing"
  | "ready"
  | "queued"
  | "checking"
  | "uploading"
  | "waiting"
  | "finishing"
  | "paused"
  | "failed"
  | "refused"
  | "complete"
  | "cancelling"
  | "cancelled";

export interface Upload {
  /** Null where it is missing: the server knows it, and the page does not. */
  readonly file: File | null;
  /** In a chosen or dropped folder, else "". */
  readonly path: string;
  readonly name: string;
  /** Bytes, as all that follow: sent as far as can be told, held by the server. */
  readonly size: number | null;
  readonly sent: number;
  readonly held: number;
  readonly state: State;
  readonly percent: number;
  /** Bytes per second, and seconds; null where nobody can tell. */
  readonly speed: number | null;
  readonly timeLeft: number | null;
  readonly failure: Error | null;
  /** The server's answer, once it is complete. */
  readonly result: Result | null;
  readonly handle: unknown;
  /** What goes along with its first request; a page may add to it in `add`. */
  readonly metadata: Record<string, string>;
  start(): void;
  pause(): void;
  cancel(): void;
  /** In `add`: do not take it, and say why. */
  refuse(sentence: string): void;
}

export interface Result {
  url: string;
  video_url?: string;
  upload_uuid?: string;
  md5?: string;
  sha256?: string;
}

/** What events tell of an upload. */
export interface Detail {
  upload: Upload;
  file: File | null;
  path: string;
  name: string;
  state: State;
  /** Bytes; null where whoever began it has not said it yet. */
  total_size: number | null;
  size: number;
  sent: number;
  percent: number;
  speed: number | null;
  time_left: number | null;
  upload_uuid: string | null;
}

export interface Problem {
  /** What the visitor reads. */
  sentence: string;
  status?: number;
  error?: string;
  detail?: string;
}

type Names = "change" | "start" | "progress" | "pause" | "resume" | "stop" | "cancel" | "remove";

export type ChunkedUploadsEvents = {
  [Name in Names | "add" | "withdraw" | "restore" as `chunkeduploads:${Name}`]: CustomEvent<Detail>;
} & {
  "chunkeduploads:complete": CustomEvent<Detail & Result>;
  "chunkeduploads:error": CustomEvent<Detail & Problem>;
  "chunkeduploads:refuse": CustomEvent<Detail & Problem>;
  "chunkeduploads:text": CustomEvent<{ key: string; text: string }>;
  "chunkeduploads:ready": CustomEvent<Record<string, never>>;
  "chunkeduploads:idle": CustomEvent<Record<string, never>>;
};

declare global {
  interface HTMLElementEventMap extends ChunkedUploadsEvents {}
  interface DocumentEventMap extends ChunkedUploadsEvents {}
  interface HTMLElement {
    chunkedUploads?: Uploader;
  }
}
