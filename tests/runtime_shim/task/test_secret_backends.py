"""`@secrets` of AWS, Google and Azure: what a task fetches, by which names, and what it says if it cannot.

Secrets Manager is moto's server, over the real protocol. Nobody can run Google's and Azure's here: stand-ins for their
clients record what they are asked.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from flowc.runtime_shim.exceptions import MetaflowException
from flowc.runtime_shim.task.secrets import variables

from tests.support.running import artifacts, flowc
from tests.support.s3_server import S3Server, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        client = started.client("secretsmanager")
        client.create_secret(
            Name="team/db-user", SecretString='{"user.name": "ada", "pass-word": "p\\nw", "port": 5432}'
        )
        client.create_secret(Name="text", SecretString="not JSON {{x}} $HOME")
        client.create_secret(Name="binary", SecretBinary=b"\0\1")
        client.create_secret(Name="twice", SecretString='{"a.b": 1, "a-b": 2}')
        yield started


@pytest.fixture
def aws(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in of_aws(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_REGION", raising=False)
    return server


def of_aws(server: S3Server) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip


def fetched(*sources: Any, **more: Any) -> dict[str, str]:
    return variables({"sources": list(sources), **more})


def test_aws(aws: S3Server) -> None:
    assert fetched("aws-secrets-manager.team/db-user") == {"user_name": "ada", "pass_word": "p\nw", "port": "5432"}
    text = {"type": "aws-secrets-manager", "id": "text", "options": {"json": False}}
    binary = {"type": "aws-secrets-manager", "id": "binary"}
    assert fetched(text, binary) == {
        "text": "not JSON {{x}} $HOME", "binary": base64.b64encode(b"\0\1").decode(),
    }  # fmt: skip


def test_the_region_and_the_role_of_aws(aws: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = aws.client("secretsmanager").describe_secret(SecretId="team/db-user")["ARN"]
    monkeypatch.setenv("METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION", "eu-west-1")  # which has no secrets
    with pytest.raises(MetaflowException, match="'text' cannot be read: .*ResourceNotFound"):
        fetched("aws-secrets-manager.text")
    assert fetched({"type": "aws-secrets-manager", "id": arn})["user_name"] == "ada"
    option = {"type": "aws-secrets-manager", "id": "team/db-user", "options": {"region": "us-east-1"}}
    assert fetched(option, role="arn:aws:iam::123456789012:role/reader")["user_name"] == "ada"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text", "'text' is not a JSON object: give it the option 'json': False"),
        ("twice", "two fields of the secret 'twice' set the variable a_b"),
        ("none", "'none' cannot be read: .*ResourceNotFoundException"),
    ],
)
def test_what_aws_cannot_give(name: str, message: str, aws: S3Server) -> None:
    with pytest.raises(MetaflowException, match=message) as raised:
        fetched(f"aws-secrets-manager.{name}")
    assert "{{x}}" not in str(raised.value)  # the secret itself


FLOW = """
from metaflow import FlowSpec, secrets, step
import os

class F(FlowSpec):
    @secrets(sources=["aws-secrets-manager.team/db-user"])
    @step
    def start(self):
        self.user = os.environ["user_name"]
        self.next(self.end)

    @step
    def end(self):
        self.gone = "user_name" not in os.environ
"""


def test_a_run_reads_its_secret_and_keeps_no_value(server: S3Server, tmp_path: Path) -> None:
    flow, store = tmp_path / "flow.py", tmp_path / "store"
    flow.write_text(FLOW)
    flowc("run", str(flow), "--run-id", "r", "--store", str(store), env=of_aws(server), check=True)
    assert artifacts(store, "end") == {"user": "'ada'", "gone": "True"}
    assert not [path for path in store.rglob("*") if path.is_file() and b"p\\nw" in path.read_bytes()]


def test_a_missing_client_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(MetaflowException, match=r"must contain it \(pip install boto3\)"):
        fetched("aws-secrets-manager.x")


def modules(monkeypatch: pytest.MonkeyPatch, **contents: dict[str, Any]) -> None:
    """Puts modules of these names (`__` for a dot) in the place of a client."""
    for name, content in contents.items():
        path = name.replace("__", ".")
        module = ModuleType(path)
        module.__dict__.update({"__path__": [], **content})
        monkeypatch.setitem(sys.modules, path, module)


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []
    secrets = {"db": json.dumps({"user.name": "ada"}).encode(), "raw": b"\xff\0"}

    class Client:
        def access_secret_version(self, request: dict[str, str]) -> Any:
            asked.append(request["name"])
            name = request["name"].split("/")[3]
            if name not in secrets:
                raise LookupError("404 not found")
            return SimpleNamespace(payload=SimpleNamespace(data=secrets[name]))

    modules(
        monkeypatch, google={}, google__cloud={}, google__api_core={}, google__auth={},
        google__cloud__secretmanager_v1={"SecretManagerServiceClient": Client},
        google__api_core__exceptions={"GoogleAPIError": LookupError},
        google__auth__exceptions={"GoogleAuthError": LookupError},
    )  # fmt: skip
    monkeypatch.setenv("METAFLOW_GCP_SECRET_MANAGER_PREFIX", "projects/77/secrets/")
    return asked


def test_google(google: list[str]) -> None:
    assert fetched("gcp-secret-manager.db") == {"db": '{"user.name": "ada"}'}
    whole = {"type": "gcp-secret-manager", "id": "projects/my-team/secrets/db/versions/3"}
    assert fetched({**whole, "options": {"json": True}}) == {"user_name": "ada"}
    raw = {"type": "gcp-secret-manager", "id": "raw", "options": {"binary": True, "env_var_name": "my-key"}}
    assert fetched(raw) == {"my_key": base64.b64encode(b"\xff\0").decode()}
    assert google == [
        "projects/77/secrets/db/versions/latest", "projects/my-team/secrets/db/versions/3",
        "projects/77/secrets/raw/versions/latest",
    ]  # fmt: skip


def test_what_google_cannot_give(google: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, message in (
        ("none", "'none' cannot be read: 404 not found"), ("raw", "is not text: give it the option 'binary': True"),
        ("a/b", "'a/b' is not the name of a secret"),
    ):  # fmt: skip
        with pytest.raises(MetaflowException, match=message):
            fetched(f"gcp-secret-manager.{name}")
    monkeypatch.delenv("METAFLOW_GCP_SECRET_MANAGER_PREFIX")
    with pytest.raises(MetaflowException, match="names no project: write 'projects/PROJECT/secrets/db'"):
        fetched("gcp-secret-manager.db")


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str | None]]:
    asked: list[tuple[str, str, str | None]] = []

    class Client:
        def __init__(self, vault_url: str, credential: Any) -> None:
            self.url = vault_url

        def get_secret(self, name: str, version: str | None) -> Any:
            asked.append((self.url, name, version))
            if name == "none":
                raise LookupError("SecretNotFound")
            return SimpleNamespace(name=name, value="s3cret")

    modules(
        monkeypatch, azure={}, azure__core={}, azure__keyvault={},
        azure__core__exceptions={"AzureError": LookupError},
        azure__identity={"DefaultAzureCredential": object},
        azure__keyvault__secrets={"SecretClient": Client},
    )  # fmt: skip
    monkeypatch.setenv("METAFLOW_AZURE_KEY_VAULT_PREFIX", "https://team.vault.azure.net/")
    return asked


def test_azure(azure: list[tuple[str, str, str | None]]) -> None:
    version = "0123456789abcdef0123456789abcdef"
    assert fetched("az-key-vault.db-user") == {"db_user": "s3cret"}
    assert fetched(f"az-key-vault.db/{version}") == {"db": "s3cret"}
    whole = {"type": "az-key-vault", "id": "https://other.vault.azure.cn/secrets/db", "options": {"env_var_name": "DB"}}
    assert fetched(whole) == {"DB": "s3cret"}
    assert azure == [
        ("https://team.vault.azure.net", "db-user", None), ("https://team.vault.azure.net", "db", version),
        ("https://other.vault.azure.cn", "db", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "'none' cannot be read: SecretNotFound"),
        ("https://evil.example/secrets/db", "is not the name of a secret"),
        ("https://vault.azure.net.evil.example/secrets/db", "is not the name of a secret"),
        ("http://team.vault.azure.net/secrets/db", "is not the name of a secret"),
        ("https://team.vault.azure.net/keys/db", "is not the name of a secret"),
        ("db/3", "'3' is not a version of a secret"),
    ],
)
def test_what_azure_cannot_give(name: str, message: str, azure: list[tuple[str, str, str | None]]) -> None:
    with pytest.raises(MetaflowException, match=message):
        fetched({"type": "az-key-vault", "id": name})
    assert not [url for url, _, _ in azure if "evil" in url]
