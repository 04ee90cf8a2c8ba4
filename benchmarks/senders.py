"""A program that uploads one file, and tells what that took: for `benchmarks.programs`.

`python -m benchmarks.senders SENDER ADDRESS PATH` prints a JSON object: the `seconds`
of the upload, those of processor time (`cpu`), and the process's `peak` of memory in
bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

CHUNK = 8 * 2**20  # bytes
KEY = ("ada", "key")


# Each loads what it needs, and returns what uploads.


def client(address: str, path: str, *, digests: bool = False) -> Callable[[], object]:
    """Prepare this package's client."""
    from chunked_uploads.client import ApiKey, Client

    url, who = f"{address}/uploads/upload/", ApiKey(*KEY)
    client = Client(url, who, digests=digests, state_folder=None)
    return lambda: client.upload(path)


def client_with_digests(address: str, path: str) -> Callable[[], object]:
    """Prepare the same, with the SHA-256 of each chunk."""
    return client(address, path, digests=True)


def bare(address: str, path: str) -> Callable[[], object]:
    """Prepare what the benchmark measures servers with: one chunk after another."""
    from benchmarks.client import Connection
    from benchmarks.protocols import Ours, Source

    parts = urlsplit(address)
    connection = Connection(parts.hostname or "", parts.port or 80)
    source = Source(os.open(path, os.O_RDONLY), os.path.getsize(path), "")
    headers = {"Authorization": f"ApiKey {':'.join(KEY)}"}
    upload = Ours(connection, source, headers)

    def send() -> None:
        for start in range(0, source.size, CHUNK):
            upload.send(start, min(start + CHUNK, source.size))
        upload.complete()

    return send


def tuspy(address: str, path: str) -> Callable[[], object]:
    """Prepare tuspy, in chunks: by default it would read the whole file at once."""
    from tusclient.client import TusClient

    about = {"filename": os.path.basename(path)}
    client = TusClient(f"{address}/files")
    return client.uploader(path, chunk_size=CHUNK, metadata=about).upload


SENDERS: dict[str, Callable[[str, str], Callable[[], object]]] = {
    "client": client,
    "client, digests": client_with_digests,
    "bare sender": bare,
    "tuspy": tuspy,
}


def run(sender: str, address: str, path: str) -> None:
    """Upload, and print what it took."""
    from benchmarks import processes

    send = SENDERS[sender](address, path)
    begun, used = time.perf_counter(), time.process_time()
    send()
    took = {
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - used,
        "peak": processes.peaks([os.getpid()]),
    }
    print(json.dumps(took))


if __name__ == "__main__":
    run(*sys.argv[1:])
