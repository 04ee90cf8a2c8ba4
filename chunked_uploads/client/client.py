"""The client: an upload URL, who is asking, and how files go there."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path

from chunked_uploads.client.answers import State
from chunked_uploads.client.credentials import (
    ApiKey,
    Basic,
    Credentials,
    Session,
    Signature,
)
from chunked_uploads.client.fingerprint import fingerprint_of
from chunked_uploads.client.remembering import Memory, default_folder
from chunked_uploads.client.server import Server
from chunked_uploads.client.site import make_site
from chunked_uploads.client.source import PathOrFile, Source
from chunked_uploads.client.uploading import Options, Result, Uploading


class Client:
    """Uploads files to one site, as one user; for any number of threads.

    `upload_url` is the address of the site's `chunked_uploads:upload`. `credentials`
    are an `ApiKey`, a `Signature`, `Basic`, a `Session`, or any function that returns
    headers, which is called again after a 401; None where the site lets anybody in.

    `parallel` is how many chunks of a file are in flight at once. With `digests` each
    goes with its SHA-256, which the server checks (RFC 9530). `timeout` (seconds) is
    how long the other side may be silent; `patience` (seconds) for how long an upload
    is tried again while nothing goes on. `ca_file` (PEM) has the authorities to trust,
    those of the system by default. `state_folder` is where unfinished uploads are
    remembered, a folder of the user's by default; None remembers nothing.
    """

    def __init__(
        self,
        upload_url: str,
        credentials: Credentials | None = None,
        *,
        parallel: int = 3,
        digests: bool = True,
        timeout: float = 60.0,
        patience: float = 600.0,
        ca_file: str | None = None,
        state_folder: Path | str | None = "",
    ) -> None:
        """Raise `WrongAddress` where `upload_url` is none, or its proxy.

        Raises `ValueError` where `parallel` or `timeout` is not above 0, or `patience`
        is below.
        """
        is_time = timeout > 0 and math.isfinite(timeout) and patience >= 0
        if parallel < 1 or not is_time:
            raise ValueError("parallel and timeout are above 0, patience is not below")
        self._credentials = credentials
        self._parallel = parallel
        self._digests = digests
        self._patience = patience
        folder = default_folder() if state_folder == "" else state_folder
        self._folder = None if folder is None else Path(folder)
        site = make_site(upload_url, timeout, ca_file)
        self._address = site.address_of(site.upload_url)
        self._server = Server(site, credentials)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next request makes others."""
        self._server.close()

    def upload(
        self,
        path_or_file: PathOrFile,
        *,
        filename: str | None = None,
        metadata: Mapping[str, str] | None = None,
        progress: Callable[[int, int], object] | None = None,
        resume: bool = True,
    ) -> Result:
        """Upload a file, from where an earlier attempt got to; return when it is done.

        `path_or_file` is a path, or an open binary file that can be sought in.
        `filename` is the name that the site gets, that of the path by default;
        `metadata` what else it shall know, strings of at most 4 KiB in all. `progress`
        is called with the bytes that are sent and those there are in all. Without
        `resume` a new upload is begun, whatever the site holds of this file.

        Raises an `UploadFailed`, and what `progress` or the credentials raise.
        """
        with closing(Source(path_or_file, filename)) as source:
            fingerprint = fingerprint_of(source)
            with self._memory(source, fingerprint) as memory:
                kept = memory.recall() if resume else {}
                if not resume:
                    fingerprint = secrets.token_hex(32)  # which no other upload has
                options = Options(
                    parallel=self._parallel,
                    digests=self._digests,
                    patience=self._patience,
                    metadata=metadata or {},
                    progress=progress or (lambda sent, total: None),
                )
                upload = Uploading(self._server, source, fingerprint, memory, options)
                if resume:
                    upload.resume(kept)
                return upload.run()

    def unfinished(self) -> list[State]:
        """Return the caller's unfinished uploads, newest first."""
        return self._server.unfinished()

    def find(
        self, path_or_file: PathOrFile, *, filename: str | None = None
    ) -> list[State]:
        """Return the caller's unfinished uploads of just this file, newest first."""
        with closing(Source(path_or_file, filename)) as source:
            fingerprint = fingerprint_of(source)
            with self._memory(source, fingerprint) as memory:
                kept = memory.recall().get("fingerprint", fingerprint)
            known_as = dict.fromkeys([kept, fingerprint])  # what is kept is newer
            return [
                state
                for each in known_as
                for state in self._server.matching(source, each)
            ]

    def cancel(self, upload: State) -> None:
        """Have the server forget an unfinished upload, as `unfinished` lists it."""
        self._server.remove(upload.delete_url)

    def _memory(self, source: Source, fingerprint: str) -> Memory:
        what = (self._address, self._who, source.filename, fingerprint)
        return Memory(self._folder, *what)

    @cached_property
    def _who(self) -> str:
        """What tells the caller from others; `Memory` keeps no more than its hash."""
        credentials = self._credentials
        if credentials is None or isinstance(credentials, ApiKey | Signature | Basic):
            return repr(credentials)  # without the fields that are secret
        if isinstance(credentials, Session):
            return credentials.session
        return repr(sorted(self._server.headers().items()))
