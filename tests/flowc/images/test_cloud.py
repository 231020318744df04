"""Registries of Amazon and Google take what the cloud gives to a machine, without `docker login`.

The registry here answers under its public name with TLS, behind a proxy, since nothing else may send it a password.
Amazon's API is moto's; the metadata server and the token service of Google are stand-ins.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flowc.images import cloud
from tests.flowc.environments.locking import flow, lock
from tests.support.package_index import PackageIndex, wheel
from tests.support.registry import Registry, write_layout
from tests.support.running import Done
from tests.support.s3_server import S3Server

from .test_images import APPLE, BOTTOM, image

AMAZON = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GOOGLE = "europe-docker.pkg.dev"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(wheel("apple", "1.0")) as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a file with a certificate for both names, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=registry"]
    command += ["-addext", f"subjectAltName=DNS:{AMAZON},DNS:{GOOGLE}", "-keyout", "key", "-out", "certificate"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "certificate").read_bytes() + (folder / "key").read_bytes())
    return both


class Proxy(ThreadingHTTPServer):
    """A proxy that leads every host to one server here; `hosts` are those that were asked for."""

    def __init__(self, port: int) -> None:
        self.hosts: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                proxy.hosts.append(self.path)
                with socket.create_connection(("127.0.0.1", port)) as there:
                    self.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    back = threading.Thread(target=_copy, args=(there, self.connection))
                    back.start()
                    _copy(self.connection, there)
                    back.join()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[str]:
    """Yields the server's host and port."""
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def public(name: str, registry: Registry, certificate: Path) -> Iterator[dict[str, str]]:
    """Lets the registry answer under the public name; yields the variables with which it is reached."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    registry.server.socket = context.wrap_socket(registry.server.socket, server_side=True)
    registry.realm = f"https://{name}/token"
    with registry, served(Proxy(registry.server.server_address[1])) as proxy:
        yield {"HTTPS_PROXY": f"http://{proxy}", "https_proxy": f"http://{proxy}", "SSL_CERT_FILE": str(certificate)}


class Answers(ThreadingHTTPServer):
    """A server that answers every request with these data; `requests` are what was asked, with headers and bodies."""

    def __init__(self, answer: dict[str, object], status: int = 200) -> None:
        self.requests: list[tuple[str, str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                server.requests.append((self.path, self.headers.get("Metadata-Flavor", ""), body))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


NOWHERE = {
    "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_CONFIG": "/nonexistent",
    "GCE_METADATA_HOST": "127.0.0.1:9",
}  # fmt: skip


@pytest.fixture
def push(tmp_path: Path, index: PackageIndex):  # type: ignore[no-untyped-def]
    path = flow(tmp_path, start=APPLE)
    lock(path, index)
    write_layout(tmp_path / "base", [BOTTOM])

    def act(host: str, env: dict[str, str], check: bool = True) -> Done:
        options = ["--base", str(tmp_path / "base"), "--repository", f"{host}/team/flows"]
        return image("push", path, index, *options, env={**NOWHERE, **env}, check=check)

    return act


def test_amazon(push, certificate: Path, s3: S3Server) -> None:  # type: ignore[no-untyped-def]
    client = s3.client("ecr")
    (data,) = client.get_authorization_token(registryIds=["123456789012"])["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    registry = Registry(user, password, basic=True)
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL_ECR": s3.url}
    with public(AMAZON, registry, certificate) as way:
        done = push(AMAZON, way, check=False)
        assert done.returncode == 1 and "or set AWS_ACCESS_KEY_ID" in done.stderr, done.stderr
        done = push(AMAZON, {**way, **keys})
        assert registry.manifests["team/flows"] and password not in done.stdout + done.stderr
        with served(Answers({"__type": "AccessDeniedException", "message": "not you"}, 400)) as place:
            done = push(AMAZON, {**way, **keys, "AWS_ENDPOINT_URL_ECR": f"http://{place}"}, check=False)
        assert done.returncode == 1 and f"AWS gives no password for {AMAZON} (HTTP status 400): not you" in done.stderr


@pytest.mark.parametrize("source", ["metadata", "user", "key"])
def test_google(source: str, push, certificate: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    key = json.dumps({"type": "service_account", "private_key": "the key of the test"})
    registry = Registry(*(("_json_key", key) if source == "key" else ("oauth2accesstoken", "the access token")))
    service = Answers({"access_token": "the access token", "expires_in": 3600})
    with public(GOOGLE, registry, certificate) as way, served(service) as place:
        done = push(GOOGLE, way, check=False)
        assert done.returncode == 1 and "gcloud auth application-default login" in done.stderr, done.stderr
        user = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
        file = tmp_path / "credentials.json"
        file.write_text(key if source == "key" else json.dumps({**user, "token_uri": f"http://{place}/token"}))
        named = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
        done = push(GOOGLE, {**way, **({"GCE_METADATA_HOST": place} if source == "metadata" else named)})
        assert registry.manifests["team/flows"] and set(registry.scopes) == {"repository:team/flows:pull,push"}
        assert "the key" not in done.stdout + done.stderr and "access token" not in done.stdout + done.stderr
    asked = {
        "metadata": ("/computeMetadata/v1/instance/service-accounts/default/token", "Google", ""),
        "user": ("/token", "", "client_id=c&client_secret=s&refresh_token=r&grant_type=refresh_token"),
    }
    assert set(service.requests) == ({asked[source]} if source in asked else set())


def test_broken_files_of_google(push, tmp_path: Path, certificate: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "credentials.json"
    with public(GOOGLE, Registry("a", "b"), certificate) as way, served(Answers({}, 400)) as place:
        for text, message in (
            ("{", "cannot be read: it is not JSON"),
            ("[]", "cannot be read"),
            ('{"type": "external_account"}', "of the type `external_account`"),
            ('{"type": "authorized_user"}', "are invalid"),
            (
                json.dumps({"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
                            "token_uri": f"http://{place}/token"}),
                "run `gcloud auth application-default login` again",
            ),
        ):  # fmt: skip
            file.write_text(text)
            done = push(GOOGLE, {**way, "GOOGLE_APPLICATION_CREDENTIALS": str(file)}, check=False)
            assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    "host", ["amazonaws.com", "public.ecr.aws", "a.dkr.ecr.eu-west-1.amazonaws.com", "1.dkr.s3.eu-west-1.amazonaws.com"]
)
def test_other_hosts_get_nothing(host: str) -> None:
    assert cloud.find(host) is None


def test_hosts_of_amazon() -> None:
    assert cloud._amazon("1.dkr.ecr-fips.us-east-1.amazonaws.com") == ("us-east-1", "ecr-fips.us-east-1.amazonaws.com")
    assert cloud._amazon("1.dkr.ecr.cn-north-1.amazonaws.com.cn") == (
        "cn-north-1",
        "api.ecr.cn-north-1.amazonaws.com.cn",
    )
