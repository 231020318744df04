"""A bucket for `S3`: the datastore's client (`store/s3.py`) with headers, ranges, files and sizes."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from flowc.runtime_shim.contract.errors import StoreError
from flowc.runtime_shim.store import http
from flowc.runtime_shim.store.s3 import S3Store, _element, _plain

from .s3_object import (
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InsufficientDiskSpace,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    RangeInfo,
)

PART = 16 << 20  # bytes per request of a larger object
THREADS = 8  # threads that transfer one large object
_METADATA = "x-amz-meta-metaflow-user-attributes"  # Metaflow's header for the `metadata` of `put`, as JSON


class Bucket(S3Store):
    """A bucket whose keys are complete, without a prefix. Its errors are Metaflow's."""

    def ask(self, method: str, key: Optional[str], **options: Any) -> http.Answer:
        """Sends a request and returns the answer. Raises MetaflowS3AccessDenied or MetaflowS3Exception."""
        try:
            return self._request(method, key, **options)
        except StoreError as error:
            denied = any(f" {status} " in f" {str(error)} " for status in (401, 403)) or "AccessDenied" in str(error)
            raise (MetaflowS3AccessDenied if denied else MetaflowS3Exception)(str(error)) from None

    def head(self, key: str) -> Optional[Tuple[int, Dict[str, Any]]]:
        """Returns (size, info) of the object; None if there is none."""
        answer = self.ask("HEAD", key, accept=(200, 404))
        return None if answer.status == 404 else (int(answer.headers.get("content-length") or 0), _info(answer.headers))

    def download(self, key: str, path: str, asked: str = "") -> Optional[Tuple[int, Dict[str, Any], RangeInfo]]:
        """Writes the object, or the requested range, to a file.

        Returns (bytes, info, range); None if there is no object.

        Raises MetaflowS3InvalidRange, MetaflowS3InsufficientDiskSpace.
        """
        first = asked or f"bytes=0-{PART - 1}"
        answer = self.ask("GET", key, accept=(200, 206, 404, 416), headers={"range": first})
        if answer.status == 404:
            return None
        if answer.status == 416 and not asked:  # an empty object has no range
            answer = self.ask("GET", key, accept=(200, 404))
            if answer.status == 404:
                return None
        if answer.status == 416:
            raise MetaflowS3InvalidRange(f"{self.url}/{key} has no bytes {asked.partition('=')[2]}")
        start, total = _content_range(answer)
        size = len(answer.body) if asked else total
        try:
            with open(path, "wb") as file:
                file.write(answer.body)
                if size > len(answer.body):
                    self._rest(key, file.fileno(), len(answer.body), size, answer.headers.get("etag", ""))
        except OSError as error:
            raise MetaflowS3InsufficientDiskSpace(f"{path} cannot be written: {error.strerror}") from None
        return size, _info(answer.headers), RangeInfo(total, start, size)

    def _rest(self, key: str, descriptor: int, begin: int, size: int, tag: str) -> None:
        """Downloads the bytes after the first part in several threads, from the same version of the object."""

        def part(number: int) -> None:
            start = begin + number * PART
            end = min(start + PART, size)
            same = {"if-match": tag} if tag else {}
            answer = self.ask("GET", key, accept=(206, 412), headers={"range": f"bytes={start}-{end - 1}", **same})
            if answer.status == 412:
                raise MetaflowS3Exception(f"{self.url}/{key} changed while it was being read; read it again")
            os.pwrite(descriptor, answer.body, start)

        _each(range((size - begin + PART - 1) // PART), part)

    def upload(self, key: str, file: Any, size: int, overwrite: bool, headers: Dict[str, str]) -> bool:
        """Writes `size` bytes of a seekable binary file.

        Returns False if the object exists and must not be overwritten.
        """
        if size <= PART:
            file.seek(0)
            create = {} if overwrite else {"if-none-match": "*"}
            if not overwrite and self.head(key) is not None:
                return False
            answer = self.ask(
                "PUT",
                key,
                body=[file.read()],
                accept=(200,) if overwrite else (200, 412, 501),
                headers={**headers, **create},
            )
            if answer.status == 501:  # a server without conditional writes
                return self.upload(key, file, size, True, headers)
            return answer.status == 200
        if not overwrite and self.head(key) is not None:
            return False
        self._upload_parts(key, file, size, headers)
        return True

    def _upload_parts(self, key: str, file: Any, size: int, headers: Dict[str, str]) -> None:
        """Uploads in parts, which are read one after the other and sent by several threads."""
        from _thread import allocate_lock

        step = max(PART, -(-size // 10_000))
        upload = _element(self.ask("POST", key, query={"uploads": ""}, headers=headers).body.decode(), "UploadId")
        count = -(-size // step)
        tags = [""] * count
        reading = allocate_lock()

        def send(number: int) -> None:
            with reading:
                file.seek(number * step)
                data = file.read(min(step, size - number * step))
            query = {"partNumber": str(number + 1), "uploadId": upload}
            tags[number] = self.ask("PUT", key, body=[data], query=query).headers.get("etag", "")

        try:
            _each(range(count), send)
            listed = "".join(
                f"<Part><PartNumber>{number + 1}</PartNumber><ETag>{tag}</ETag></Part>"
                for number, tag in enumerate(tags)
            )
            body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
            self.ask("POST", key, body=[body], query={"uploadId": upload})
        except BaseException:
            try:
                self.ask("DELETE", key, query={"uploadId": upload}, accept=(204, 200, 404))
            except MetaflowS3Exception:  # the first problem is the one to report
                pass
            raise

    def listed(self, prefix: str, delimiter: str = "") -> Iterator[Tuple[str, Optional[int]]]:
        """Yields (key, size) of what begins with the prefix.

        With a delimiter, it yields the next level only, where a prefix has the size None.
        """
        token = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, **({"delimiter": delimiter} if delimiter else {})}
            answer = self.ask(
                "GET", None, query={**query, **({"continuation-token": token} if token else {})}, accept=(200, 404)
            )
            if answer.status == 404:
                raise MetaflowS3NotFound(f"{self.url}: there is no such bucket")
            text = answer.body.decode()
            entries: List[Tuple[str, Optional[int]]] = [
                (_element(element, "Key"), int(_element(element, "Size") or 0))
                for element in text.split("<Contents>")[1:]
            ]
            entries += [(_plain(_element(element, "Prefix")), None) for element in text.split("<CommonPrefixes>")[1:]]
            yield from sorted(entries)
            token = _element(text, "NextContinuationToken")
            if not token or _element(text, "IsTruncated") != "true":
                return


def put_headers(
    content_type: Optional[str], metadata: Optional[Dict[str, Any]], encryption: Optional[str]
) -> Dict[str, str]:
    """Returns the headers of a PUT."""
    headers = {"content-type": content_type} if content_type else {}
    if metadata:
        headers[_METADATA] = json.dumps(metadata)
    if encryption:
        headers["x-amz-server-side-encryption"] = encryption
    return headers


def _each(items: Any, work: Callable[[int], None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(work, items):
            pass


def _info(headers: Dict[str, str]) -> Dict[str, Any]:
    metadata = headers.get(_METADATA)
    modified = http.date_of(headers.get("last-modified", ""))
    return {
        "content_type": headers.get("content-type"),
        "metadata": json.loads(metadata) if metadata else None,
        "encryption": headers.get("x-amz-server-side-encryption"),
        "last_modified": None if modified is None else int(modified),
    }


def _content_range(answer: http.Answer) -> Tuple[int, int]:
    """Returns (first byte, length of the complete object)."""
    text = answer.headers.get("content-range", "")
    if answer.status != 206 or not text:
        return 0, len(answer.body)
    place, _, total = text.rpartition(" ")[2].partition("/")
    return int(place.partition("-")[0]), int(total)
