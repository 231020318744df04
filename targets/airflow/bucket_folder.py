"""A folder of DAG files in a bucket: in S3 through boto3, in Google Cloud Storage through obstore.

Credentials, regions and endpoints come from where these clients find them. A write replaces an object as a whole.
"""

from __future__ import annotations

import os

from flowc.targets.operating import EngineError

from .dag_folder import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Objects(Protocol):
        """Objects of a bucket by their names; `problems` are the client's exceptions."""

        problems: tuple[type[BaseException], ...]

        def get(self, name: str) -> tuple[bytes, str] | None:
            """Returns the content, and when it was written, in ISO 8601."""

        def put(self, name: str, data: bytes) -> None: ...

        def delete(self, name: str) -> None: ...


class BucketFolder:
    """A prefix of a bucket. Raises EngineError without the client for it."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        bucket, _, prefix = rest.strip("/").partition("/")
        if not bucket:
            raise EngineError(
                f"the folder of DAG files {url} cannot be opened", "name a bucket, as in s3://BUCKET/dags"
            )
        self.url = url.rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._objects: Objects = _S3(bucket) if scheme == "s3" else _Google(bucket)

    def read(self, name: str) -> File | None:
        found = self._do("read", name, self._objects.get)
        return None if found is None else File(found[0].decode("utf-8", "surrogateescape"), at=found[1])

    def write(self, name: str, text: str, what: str) -> None:
        data = text.encode("utf-8", "surrogateescape")
        self._do("write", name, lambda key: self._objects.put(key, data))

    def remove(self, name: str, what: str) -> None:
        self._do("remove", name, self._objects.delete)

    def refusal(self) -> str:
        return ""  # a bucket tells only when it is written to

    def _do(self, verb: str, name: str, action: Callable[[str], Any]) -> Any:
        try:
            return action(self._prefix + name)
        except self._objects.problems as error:
            message = f"flowc cannot {verb} {self.url}/{name}: {str(error).strip().splitlines()[0]}"
            raise EngineError(message, "check `dags` and the credentials, and run the same command again") from None


class _S3:
    def __init__(self, bucket: str) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise EngineError("AWS's client is not installed", "run `pip install boto3`") from None
        self.problems: tuple[type[BaseException], ...] = (BotoCoreError, ClientError)
        self._refused: Any = ClientError
        self._bucket = bucket
        try:
            self._client: Any = boto3.client("s3")
        except BotoCoreError as error:
            raise EngineError(f"AWS cannot be used: {error}", "set AWS_DEFAULT_REGION and AWS_PROFILE") from None

    def get(self, name: str) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
        except self._refused as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise
        return bytes(answer["Body"].read()), answer["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(self, name: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=data, ContentType="text/x-python")

    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=name)


class _Google:
    def __init__(self, bucket: str) -> None:
        try:
            import obstore
            from obstore import exceptions
            from obstore.store import GCSStore
        except ImportError:
            message = "the client of Google Cloud Storage is not installed"
            raise EngineError(message, "run `pip install 'flowc[gcs]'`") from None
        self.problems: tuple[type[BaseException], ...] = (exceptions.BaseError, OSError)
        self._missing = (FileNotFoundError, exceptions.NotFoundError)
        self._client: Any = obstore
        emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")  # as Google's own clients have it
        try:
            self._store: Any = _emulated(GCSStore, bucket, emulator) if emulator else GCSStore(bucket)
        except self.problems as error:
            raise EngineError(f"gs://{bucket} cannot be opened: {str(error).splitlines()[0]}") from None

    def get(self, name: str) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get(self._store, name)
        except self._missing:
            return None
        return bytes(answer.bytes()), answer.meta["last_modified"].strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(self, name: str, data: bytes) -> None:
        self._client.put(self._store, name, data, use_multipart=False)

    def delete(self, name: str) -> None:
        try:
            self._client.delete(self._store, name)
        except self._missing:
            pass


def _emulated(store: Any, bucket: str, emulator: str) -> Any:
    import json

    base = (emulator if "://" in emulator else f"http://{emulator}").rstrip("/")
    nobody = {"gcs_base_url": base, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return store(bucket, service_account_key=json.dumps(nobody), client_options={"allow_http": True})
