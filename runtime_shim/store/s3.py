"""A datastore in S3, or in any server that speaks its protocol (Amazon S3 API reference), without a client library.

Endpoint, region and credentials come from the environment, as for AWS's own clients. Create-if-absent is
`If-None-Match: *`. A server without conditional writes is recognized by its answer, and an existing object is not
replaced. Temporary errors are retried: answers that say so, dropped connections, silence, expired credentials, a wrong
clock, a bucket in a different region.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock

from flowc.runtime_shim.contract.digest import fast_sha256, sha256
from flowc.runtime_shim.contract.errors import StoreError, UsageError
from flowc.runtime_shim.fast_start.threads import Permits

from . import blobs, credentials, http, signature
from . import read_ahead as ahead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

    from flowc.runtime_shim.artifacts.content import Content

ATTEMPTS = 8
LONGEST_PAUSE = 10.0  # most seconds between two tries
AT_ONCE = 20  # most requests at once, of all threads together
_PASSING = (429, 500, 502, 503, 504)  # status codes of temporary errors; _AGAIN holds S3's error codes for them
_AGAIN = (
    "RequestTimeout",
    "OperationAborted",
    "ConditionalRequestConflict",
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
)
_STALE = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired")
_SKEWED = ("RequestTimeTooSkewed", "RequestInTheFuture")
_ELSEWHERE = (
    "PermanentRedirect",
    "TemporaryRedirect",
    "Redirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
)
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class S3Store:
    """A store at s3://BUCKET or s3://BUCKET/PREFIX.

    Several threads may use it at once: each request takes its own connection.
    """

    remote = True

    def __init__(self, url: str) -> None:
        bucket, _, prefix = url[len("s3://") :].partition("/")
        if not bucket:
            raise UsageError(f"{url!r} does not name a bucket")
        self.url = url.rstrip("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.bucket = bucket
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        self._lock = allocate_lock()
        self._idle: List[http.Connection] = []
        self._credentials: Optional[credentials.Credentials] = None
        self._skew = 0.0  # seconds by which the server's clock is ahead of ours
        self._place(
            os.environ.get("AWS_REGION")
            or os.environ.get("AWS_DEFAULT_REGION")
            or credentials.configured_region()
            or "us-east-1"
        )
        self._ahead = ahead.Ahead(self._get)
        self._content_ahead = ahead.Ahead(lambda key: blobs.read(self, *key))
        self._permits = Permits(AT_ONCE)

    def _place(self, region: str) -> None:
        """Sets the host and path of requests."""
        self.region = region
        if self.endpoint:
            self.secure, self.name, self.port, path = http.split_url(self.endpoint)
            self.host, self.base = self.endpoint.split("/")[2], f"{path.rstrip('/')}/{self.bucket}"
        else:
            dotted = "." in self.bucket  # no certificate covers a bucket name with dots
            self.secure, self.port = True, 443
            domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
            self.host = self.name = f"{'' if dotted else self.bucket + '.'}s3.{region}.{domain}"
            self.base = f"/{self.bucket}" if dotted else ""

    # ── objects ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, name: str) -> Optional[bytes]:
        data: Optional[bytes] = self._ahead.get(name)
        return data

    def fetch_ahead(self, names: List[str]) -> None:
        """Starts to fetch objects for later calls of `get`."""
        self._ahead.start(names)

    def read_ahead(self, pieces: List[Tuple[Any, ...]]) -> None:
        self._content_ahead.start(pieces)

    def _get(self, name: str) -> Optional[bytes]:
        answer = self._request("GET", name, accept=(200, 404))
        return None if self._is_absent(answer) else answer.body

    def _is_absent(self, answer: http.Answer) -> bool:
        if answer.status == 404 and b"NoSuchBucket" in answer.body:
            raise StoreError(f"{self.url}: there is no such bucket")
        return answer.status == 404

    def put(self, name: str, data: bytes) -> None:
        self._ahead.forget(name)
        self._request("PUT", name, [data])

    def put_if_absent(self, name: str, data: bytes) -> bool:
        return self._create(name, [data], (fast_sha256 if len(data) > 65536 else sha256)(data).hexdigest())

    def _create(self, name: str, parts: List[Any], digest: str) -> bool:
        tried = [0]
        self._ahead.forget(name)
        answer = self._request(
            "PUT", name, parts, accept=(200, 412, 501), headers={"if-none-match": "*"}, digest=digest, tried=tried
        )
        if answer.status == 501:  # a server without conditional writes
            if self.exists(name):
                return False
            self._request("PUT", name, parts, digest=digest)
            return True
        if answer.status == 412 and tried[0] > 1 and self._get(name) == b"".join(parts):
            return True  # our own first try succeeded, but its answer was lost
        return answer.status != 412

    def exists(self, name: str) -> bool:
        return self.size(name) is not None

    def size(self, name: str) -> Optional[int]:
        """Returns the object's length in bytes; None if there is no object."""
        answer = self._request("HEAD", name, accept=(200, 404))
        return int(answer.headers.get("content-length") or 0) if answer.status == 200 else None

    def list(self, prefix: str) -> Iterator[str]:
        """Yields names with ListObjectsV2, a thousand a request."""
        for text in self._pages({"prefix": self.prefix + prefix}):
            for element in text.split("<Key>")[1:]:
                yield _plain(element.partition("</Key>")[0])[len(self.prefix) :]

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields folders with ListObjectsV2 and a delimiter, a thousand a request."""
        for text in self._pages({"prefix": self.prefix + prefix, "delimiter": "/"}):
            for element in text.split("<CommonPrefixes>")[1:]:
                yield _element(element, "Prefix")[len(self.prefix + prefix) : -1]

    def entries(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
        for text in self._pages({"prefix": self.prefix + prefix}):
            for element in text.split("<Contents>")[1:]:
                yield (
                    _element(element, "Key")[len(self.prefix) :],
                    int(_element(element, "Size") or 0),
                    _time(_element(element, "LastModified")),
                )

    def delete(self, name: str) -> None:
        self._ahead.forget(name)
        self._request("DELETE", name, accept=(200, 204, 404))

    def leftovers(self, prefix: str) -> Iterator[Tuple[str, int, float]]:
        """Yields unfinished uploads with ListMultipartUploads, which does not tell their sizes."""
        marker: Dict[str, str] = {}
        while True:
            text = self._request(
                "GET", None, query={"uploads": "", "prefix": self.prefix + prefix, **marker}
            ).body.decode()
            for element in text.split("<Upload>")[1:]:
                name, upload = _element(element, "Key")[len(self.prefix) :], _element(element, "UploadId")
                yield f"{upload} {name}", 0, _time(_element(element, "Initiated"))
            if _element(text, "IsTruncated") != "true":
                return
            marker = {
                "key-marker": _element(text, "NextKeyMarker"),
                "upload-id-marker": _element(text, "NextUploadIdMarker"),
            }

    def delete_leftover(self, handle: str) -> None:
        upload, _, name = handle.partition(" ")
        self._request("DELETE", name, query={"uploadId": upload}, accept=(204, 200, 404))

    def close(self) -> None:
        """Closes idle connections; new ones are opened on demand."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _pages(self, query: Dict[str, str]) -> Iterator[str]:
        token = ""
        while True:
            more = {"continuation-token": token} if token else {}
            text = self._request("GET", None, query={"list-type": "2", **query, **more}).body.decode()
            yield text
            token = _element(text, "NextContinuationToken")
            if not token or _element(text, "IsTruncated") != "true":
                return

    # ── blobs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def write_blob(self, content: Content, name: Callable[[str], str]) -> None:
        blobs.write_blob(self, content, name)

    def read_blob(self, name: str, size: int, check: str) -> Any:
        return self._content_ahead.get((name, size, check))

    def looks_whole(self, name: str, size: int, at_least: bool) -> bool:
        return True

    def read_range(self, name: str, start: int, size: int) -> Optional[bytearray]:
        data: Optional[bytearray] = self._content_ahead.get((name, start, size))
        return data

    def get_into(self, name: str, start: int, view: memoryview) -> Optional[Tuple[int, int]]:
        """Reads bytes from `start` on into the memory, as many as fit.

        Returns (number of bytes, the object's length); None if there is no object.
        """
        headers = {"range": f"bytes={start}-{start + len(view) - 1}"}
        answer = self._request("GET", name, accept=(200, 206, 404, 416), headers=headers, into=view)
        if self._is_absent(answer):
            return None
        if answer.status == 416:  # the object ends before `start`
            return 0, 0
        if answer.body:  # the answer had no length
            if answer.status == 200:
                answer.body = answer.body[start : start + len(view)]
            view[: len(answer.body)] = answer.body
        elif answer.status == 200 and start:
            raise StoreError(f"{self.url}: the server does not support range requests")
        received = answer.stored or len(answer.body)
        return received, int(answer.headers.get("content-range", "").rpartition("/")[2] or start + received)

    def put_parts(self, name: str, count: int, part: Callable[[int], Tuple[List[Any], str]], workers: int) -> None:
        """Writes an object from up to 10,000 numbered parts, starting at 0.

        A part is bytes-like objects, and their sha256 in hexadecimal.
        """
        if count == 1:
            parts, digest = part(0)
            self._create(name, parts, digest)
            return
        from flowc.runtime_shim.fast_start.threads import for_each

        answer = self._request("POST", name, query={"uploads": ""})
        upload = _element(answer.body.decode(), "UploadId")
        tags = [""] * count

        def send(number: int) -> None:
            parts, digest = part(number)
            query = {"partNumber": str(number + 1), "uploadId": upload}
            tags[number] = self._request("PUT", name, parts, query=query, digest=digest).headers.get("etag", "")

        try:
            for_each(count, send, workers)
            listed = "".join(
                f"<Part><PartNumber>{number + 1}</PartNumber><ETag>{tag}</ETag></Part>"
                for number, tag in enumerate(tags)
            )
            body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
            answer = self._request("POST", name, [body], query={"uploadId": upload}, accept=(200, 404))
            if answer.status == 404 and not self.exists(name):  # it exists if the first answer was lost
                raise StoreError(f"{self.url}: the upload of {name} was ended by another client")
        except BaseException:
            try:
                self._request("DELETE", name, query={"uploadId": upload}, accept=(204, 200, 404))
            except StoreError:  # the first problem is the one to report; a lifecycle rule removes the parts
                pass
            raise

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _request(
        self, method: str, name: Optional[str], body: Optional[List[Any]] = None, accept: Tuple[int, ...] = (200,),
        query: Optional[Dict[str, str]] = None, headers: Optional[Dict[str, str]] = None,
        into: Optional[memoryview] = None,
        digest: str = "", tried: Optional[List[int]] = None,
    ) -> http.Answer:  # fmt: skip
        """Returns an answer with an accepted status. Retries, and raises StoreError for any other."""
        body, query = body or [], query or {}
        digest = digest or (_digest(body) if body else _EMPTY)
        problems: List[str] = []
        mended: set = set()  # type: ignore[type-arg]  # what is tried once
        pauses = 0
        while True:
            if tried is not None:
                tried[0] += 1
            mine = self._fresh_credentials()
            connection = self._take()
            reused = connection.used
            try:
                with self._permits:
                    answer = self._once(connection, mine, method, name, query, body, headers or {}, into, digest)
            except OSError as error:
                problems.append(f"{type(error).__name__}: {error}")
                if reused and "reused" not in mended:  # the server had closed it: retrying at once costs nothing
                    mended.add("reused")
                    continue
            else:
                # an error found after the server had begun to answer
                late = method == "POST" and answer.status == 200 and b"<Error>" in answer.body
                code, message = _problem(answer.body) if late or answer.status not in accept else ("", "")
                if answer.status in accept and not code:
                    return answer
                code = code or answer.headers.get("x-amz-error-code", "")
                problems.append(f"{answer.status} {code} {message}".strip())
                if self._mend(answer, code, mine, mended):
                    continue
                silent = method == "HEAD" and answer.status in (400, 409)  # the answer has no body with a reason
                if (
                    answer.status not in _PASSING
                    and code not in _AGAIN
                    and not silent
                    and not (answer.status == 200 and code)
                ):
                    break
            pauses += 1
            if pauses >= ATTEMPTS:
                break
            longest = min(LONGEST_PAUSE, 0.1 * 2**pauses)
            time.sleep(longest * (0.5 + os.urandom(1)[0] / 510))
        what = f"{method} {name}" if name is not None else f"listing {query.get('prefix')}"
        raise StoreError(
            f"{self.url}: {what} failed: {_advised(problems[-1])}"
            + (f" (tried {len(problems)} times)" if len(problems) > 1 else "")
        )

    def _once(
        self, connection: http.Connection, mine: credentials.Credentials, method: str, name: Optional[str],
        query: Dict[str, str], body: List[Any],
        headers: Dict[str, str], into: Optional[memoryview], digest: str,
    ) -> http.Answer:  # fmt: skip
        path = signature.encoded_path(f"{self.base}/{self.prefix + name if name is not None else ''}")
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + self._skew))
        signed = signature.headers(
            method, self.host, path, query, self.region, mine.key, mine.secret, mine.token, date, digest, headers
        )
        answer = connection.request(
            method, f"{path}?{signature.encoded_query(query)}" if query else path, signed, body, into
        )
        with self._lock:
            if (connection.host, connection.port) == (self.name, self.port) and len(self._idle) < AT_ONCE:
                self._idle.append(connection)
        return answer

    def _take(self) -> http.Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if (connection.host, connection.port) == (self.name, self.port):
                    return connection
        return http.Connection(self.name, self.port, self.secure)

    def _fresh_credentials(self) -> credentials.Credentials:
        with self._lock:
            if self._credentials is None or not self._credentials.is_fresh:
                self._credentials = credentials.find()
            return self._credentials

    def _mend(self, answer: http.Answer, code: str, mine: credentials.Credentials, mended: set) -> bool:  # type: ignore[type-arg]
        """Tries to repair the problem, each kind once. Returns True if an immediate retry makes sense."""
        # an answer to HEAD has no body with a reason
        if code in _STALE or (answer.status in (400, 403) and not code and mine.until is not None):
            if "stale" in mended:
                return False
            mended.add("stale")
            with self._lock:
                if self._credentials is mine or self._credentials is None:
                    self._credentials = credentials.find(again=True)
                return (self._credentials.key, self._credentials.token) != (mine.key, mine.token)
        if code in _SKEWED or (answer.status == 403 and not code and "clock" not in mended):
            server = http.date_of(answer.headers.get("date", ""))
            if "clock" in mended or server is None or (not code and abs(server - time.time() - self._skew) < 300):
                return False
            mended.add("clock")
            self._skew = server - time.time()
            return True
        if answer.status in (301, 307) or code in _ELSEWHERE:
            return self._follow(answer, mended)
        return False

    def _follow(self, answer: http.Answer, mended: set) -> bool:  # type: ignore[type-arg]
        """Redirects requests to the bucket's region or host."""
        region = answer.headers.get("x-amz-bucket-region") or _element(answer.body.decode("utf-8", "replace"), "Region")
        if region and region != self.region and "region" not in mended:
            mended.add("region")
            self._place(region)
            return True
        location = answer.headers.get("location", "")
        if answer.status == 307 and location and "location" not in mended:
            mended.add("location")
            self.secure, self.name, self.port, _ = http.split_url(location)
            self.host = location.split("/")[2]
            return True
        return False


def _digest(body: List[Any]) -> str:
    hasher = (fast_sha256 if sum(map(len, body)) > 65536 else sha256)()
    for part in body:
        hasher.update(part)
    digest: str = hasher.hexdigest()
    return digest


def _problem(data: bytes) -> Tuple[str, str]:
    """Returns the code and the message from an error's XML."""
    text = data.decode("utf-8", "replace")
    return _element(text, "Code"), _element(text, "Message")


def _element(text: str, name: str) -> str:
    return _plain(text.partition(f"<{name}>")[2].partition(f"</{name}>")[0])


def _time(text: str) -> float:
    """Converts `2026-01-02T03:04:05.000Z` to seconds since 1970."""
    import calendar

    return float(calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")))


def _plain(text: str) -> str:
    if "&" not in text:
        return text
    for entity, character in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&apos;", "'"),
        ("&#13;", "\r"),
        ("&#10;", "\n"),
        ("&amp;", "&"),
    ):
        text = text.replace(entity, character)
    return text


def _advised(problem: str) -> str:
    for codes, advice in (
        (_ELSEWHERE, "is AWS_REGION the bucket's "
            "region?"), (_STALE, "the credentials have expired, and their source provides no new ones"),
        (_SKEWED, "is this machine's clock right?"), (("AccessDenied",), "may these credentials do this?"),
    ):  # fmt: skip
        if any(code in problem for code in codes):
            return f"{problem} ({advice})"
    return problem
