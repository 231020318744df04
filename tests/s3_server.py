"""A server that speaks S3, on loopback: moto's, started and stopped by a fixture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.server import ThreadedMotoServer

BUCKET = "bucket"


class S3Server:
    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {
            "AWS_ENDPOINT_URL_S3": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        }  # fmt: skip

    def client(self) -> Any:
        import boto3

        return boto3.client("s3", endpoint_url=self.url, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1")


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A server with one empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        made = S3Server(f"http://{host}:{port}")
        made.client().create_bucket(Bucket=BUCKET)
        yield made
    finally:
        server.stop()
