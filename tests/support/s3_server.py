"""A server that speaks S3: moto's, in a process of its own, started and stopped by a fixture."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .environment import environment
from .garbage import SOURCE

BUCKET = "bucket"
# What each server does at first. For every request moto lists its folders and tries hundreds of patterns to see which service a host name is:
# half of what a request costs.
QUICK = f"""{SOURCE}
import functools, logging, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from moto.server import DomainDispatcherApplication, ThreadedMotoServer
DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)
"""
SCRIPT = f"""{QUICK}
server = ThreadedMotoServer(sys.argv[1], 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # ends with the tests, however they end
"""


class S3Server:
    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {
            "AWS_ENDPOINT_URL_S3": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        }  # fmt: skip
        self.clients: dict[str, Any] = {}
        self.making = threading.Lock()

    def client(self, service: str = "s3") -> Any:
        """boto3's, the same for all threads: making one takes longer than most of what is asked of it."""
        import boto3

        with self.making:
            if service not in self.clients:
                self.clients[service] = boto3.client(
                    service,
                    endpoint_url=self.url,
                    aws_access_key_id="key",
                    aws_secret_access_key="secret",
                    region_name="us-east-1",
                )
            return self.clients[service]


@contextmanager
def s3_server(address: str = "127.0.0.1", script: str = SCRIPT) -> Iterator[S3Server]:
    """A server with one empty bucket. `script`: a Python program that takes the address, prints its port, and ends with its input."""
    server = subprocess.Popen(
        [sys.executable, "-c", script, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment("AWS_"),
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        assert port, "moto's server did not start"
        running = S3Server(f"http://{address}:{port}")
        running.client().create_bucket(Bucket=BUCKET)
        yield running
    finally:
        server.kill()
        server.communicate()
