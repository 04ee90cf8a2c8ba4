"""The ASGI servers of tus, as their documentation sets them up, but for syncing."""

import os
from pathlib import Path

FOLDER = Path(os.environ["BENCHMARK_FOLDER"])


def tussi() -> object:
    """Return tussi's application."""
    from tussi import FilesystemStorage, TUSApp

    unfinished, finished = FOLDER / "unfinished", FOLDER / "finished"
    unfinished.mkdir(exist_ok=True)
    finished.mkdir(exist_ok=True)
    return TUSApp(
        # None of the others waits for the disk at each chunk.
        storage=FilesystemStorage(directory=unfinished, fsync=False),
        completed_dir=finished,
        max_chunk_size=None,
    )


def tuspyserver() -> object:
    """Return a FastAPI application with tuspyserver's router."""
    from fastapi import FastAPI
    from tuspyserver import create_tus_router

    app = FastAPI()
    app.include_router(
        create_tus_router(prefix="files", files_dir=str(FOLDER / "files"))
    )
    return app
