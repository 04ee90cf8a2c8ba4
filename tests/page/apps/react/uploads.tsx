import { useEffect, useReducer, useRef } from "react";
import { mount, unmount, type Options, type Uploader } from "chunked_uploads";

const NEWS = ["change", "progress", "remove"] as const;

export function Uploads(options: Options) {
  const root = useRef<HTMLDivElement>(null);
  const uploader = useRef<Uploader>(null);
  const [, render] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    const element = root.current!;
    const mounted = (uploader.current = mount(element, options));
    NEWS.forEach((name) => element.addEventListener(`chunkeduploads:${name}`, render));
    return () => {
      NEWS.forEach((name) => element.removeEventListener(`chunkeduploads:${name}`, render));
      unmount(mounted);
    };
  }, []);

  const uploads = uploader.current?.uploads ?? [];
  return (
    <div ref={root}>
      <input
        type="file"
        multiple
        aria-label="Files"
        onChange={({ target }) => uploader.current?.add([...(target.files ?? [])])}
      />
      <ul>
        {uploads.map((upload, i) => (
          <li key={i}>
            {upload.name}: {upload.state}, {Math.round(upload.percent)} %
            {upload.state === "uploading" && <button onClick={() => upload.pause()}>Pause</button>}
            {upload.state === "paused" && <button onClick={() => upload.start()}>Resume</button>}
          </li>
        ))}
      </ul>
    </div>
  );
}
