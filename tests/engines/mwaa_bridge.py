"""AWS's part of Amazon MWAA before a real Airflow: its API takes a request from boto3, and passes it on as AWS does.

Written from the API's description (Amazon MWAA API reference, InvokeRestApi and GetEnvironment) and boto3's model of it.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

NAME = "prod"


@contextmanager
def mwaa_bridge(target: str, token: str, version: str) -> Iterator[dict[str, str]]:
    """Yields the environment variables by which boto3 finds it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != f"/environments/{NAME}":
                self._answer(404, {"message": "no such environment"}, "ResourceNotFoundException")
                return
            about = {"Name": NAME, "AirflowVersion": version, "WebserverUrl": target.partition("//")[2]}
            self._answer(200, {"Environment": about})

        def do_POST(self) -> None:
            assert self.path == f"/restapi/{NAME}", self.path
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            query = urlencode(asked.get("QueryParameters") or {}, doseq=True)
            url = f"{target}/api/v2{asked['Path']}" + (f"?{query}" if query else "")
            body = json.dumps(asked["Body"]).encode() if "Body" in asked else None
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            request = urllib.request.Request(url, body, headers, method=asked["Method"])
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    status, data = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                status, data = error.code, error.read()
            said = {"RestApiStatusCode": status, **({"RestApiResponse": json.loads(data)} if data else {})}
            kind = "" if status < 400 else "RestApiClientException" if status < 500 else "RestApiServerException"
            self._answer(400 if kind else 200, said, kind)

        def _answer(self, status: int, body: Any, kind: str = "") -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if kind:
                self.send_header("x-amzn-ErrorType", kind)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield {
            "AWS_ENDPOINT_URL_MWAA": f"http://127.0.0.1:{server.server_address[1]}",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true", "AWS_DEFAULT_REGION": "eu-central-1",
        }  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
