"""HTTP/1.1 over a socket, as far as object stores need it (RFC 9112).

It keeps connections, and sends and receives bodies in given memory. `http.client` takes longer to import than a task
may take to start, and copies what it receives.
"""

from __future__ import annotations

import _socket
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

CONNECT_TIMEOUT = 10  # seconds
TIMEOUT = 60  # seconds without receiving a byte
_PIECE = 1 << 20  # bytes that are requested at once
_MAX_HEAD = 1 << 16


class Broken(OSError):
    """Raised if the connection ended, or the server did not speak HTTP. A retry may help."""


class Answer:
    """An answer. `body` is the received body; empty if it went into the given memory (`stored` bytes)."""

    __slots__ = ("status", "headers", "body", "stored")

    def __init__(self, status: int, headers: Dict[str, str], body: bytes, stored: int) -> None:
        self.status, self.headers, self.body, self.stored = status, headers, body, stored


class Connection:
    """A connection to one server, for one request at a time."""

    def __init__(self, host: str, port: int, secure: bool, patience: float = 0) -> None:
        self.host, self.port, self.secure = host, port, secure
        self.patience = patience or TIMEOUT
        self.used = False
        self._socket: Any = None
        self._rest = b""  # received, but not parsed yet
        self._absolute = ""  # the prefix of the path for a proxy

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._rest = b""

    def request(
        self, method: str, target: str, headers: Dict[str, str], body: List[Any], into: Optional[memoryview] = None
    ) -> Answer:
        """Sends the request and returns the answer. `into` is memory for the body of a 2xx answer that fits into it.

        Raises OSError, and closes the connection then.
        """
        try:
            if self._socket is None:
                self._connect()
            size = sum(map(len, body))
            lines = [
                f"{method} {self._absolute}{target} HTTP/1.1",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            if size or method in ("PUT", "POST"):
                lines.append(f"content-length: {size}")
            head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
            if size and size <= 65536:
                self._socket.sendall(head + b"".join(body))
            else:
                self._socket.sendall(head)
                for part in body:
                    self._socket.sendall(part)
            answer = self._receive(method, into)
            self.used = True
            if answer.headers.get("connection", "").lower() == "close":
                self.close()
            return answer
        except BlockingIOError:  # the kernel's error for a timeout
            self.close()
            raise Broken(f"{self.host} did not answer for {self.patience:g} s") from None
        except BaseException:
            self.close()
            raise

    # ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        proxy = _proxy(self.host, self.secure)
        host, port = proxy or (self.host, self.port)
        self._socket = _open(host, port, self.secure, self.patience)
        self._rest = b""
        if proxy and not self.secure:
            self._absolute = f"http://{self.host}:{self.port}"
        if proxy and self.secure:
            self._socket.sendall(
                f"CONNECT {self.host}:{self.port} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n\r\n".encode()
            )
            answer = self._receive("HEAD", None)
            if answer.status != 200:
                raise Broken(f"the proxy {host}:{port} answered {answer.status}")
        if self.secure:
            self._socket = _context().wrap_socket(self._socket, server_hostname=self.host)

    # ── receiving ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _receive(self, method: str, into: Optional[memoryview]) -> Answer:
        while True:
            head = self._head()
            lines = head.decode("latin-1").split("\r\n")
            version, _, rest = lines[0].partition(" ")
            if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
                raise Broken(f"{self.host} does not speak HTTP")
            status = int(rest[:3])
            if status >= 200:
                break
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        if method == "HEAD" or status in (204, 304):
            return Answer(status, headers, b"", 0)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return Answer(status, headers, self._chunked(), 0)
        if "content-length" not in headers:
            headers["connection"] = "close"
            return Answer(status, headers, self._until_end(), 0)
        size = int(headers["content-length"])
        if into is not None and status < 300 and size <= len(into):
            self._fill(into[:size])
            return Answer(status, headers, b"", size)
        body = bytearray(size)
        self._fill(memoryview(body))
        return Answer(status, headers, bytes(body), 0)

    def _more(self) -> bytes:
        data: bytes = self._socket.recv(65536)
        if not data:
            raise Broken(f"{self.host} closed the connection")
        return data

    def _head(self) -> bytes:
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _MAX_HEAD:
                raise Broken(f"{self.host} sent headers that do not end")
            data += self._more()
        self._rest = data[end + 4 :]
        return data[:end]

    def _fill(self, view: memoryview) -> None:
        have = min(len(self._rest), len(view))
        view[:have] = self._rest[:have]
        self._rest = self._rest[have:]
        flags = _WAIT if not self.secure else 0
        while have < len(view):
            got = self._socket.recv_into(view[have:], min(_PIECE, len(view) - have), flags)
            if not got:
                raise Broken(f"{self.host} closed the connection after {have} of {len(view)} bytes")
            have += got

    def _chunked(self) -> bytes:
        parts: List[bytes] = []
        while True:
            size = int(self._line().partition(b";")[0], 16)
            if not size:
                while self._line():
                    pass
                return b"".join(parts)
            part = bytearray(size)
            self._fill(memoryview(part))
            parts.append(bytes(part))
            self._line()

    def _line(self) -> bytes:
        while b"\r\n" not in self._rest:
            self._rest += self._more()
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line

    def _until_end(self) -> bytes:
        parts = [self._rest]
        self._rest = b""
        while True:
            data = self._socket.recv(65536)
            if not data:
                return b"".join(parts)
            parts.append(data)


_WAIT = getattr(_socket, "MSG_WAITALL", 0)


def fetch(
    method: str, url: str, headers: Optional[Dict[str, str]] = None, body: bytes = b"", patience: float = TIMEOUT
) -> Answer:
    """Sends one request over its own connection. Raises OSError.

    Waits up to `patience` seconds for the connection and for each byte.
    """
    secure, host, port, target = split_url(url)
    connection = Connection(host, port, secure, patience)
    try:
        return connection.request(
            method, target, {"host": url.split("/")[2], "accept": "*/*", **(headers or {})}, [body] if body else []
        )
    finally:
        connection.close()


def split_url(url: str) -> Tuple[bool, str, int, str]:
    """Returns (is https, host, port, path and query) of a URL without a user.

    >>> split_url("http://[::1]:9000/a?b"), split_url("https://host")
    ((False, '::1', 9000, '/a?b'), (True, 'host', 443, '/'))
    """
    scheme, _, rest = url.partition("://")
    slash = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    place, target = rest[:slash], rest[slash:]
    secure = scheme.lower() == "https"
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        port = port.lstrip(":")
    else:
        host, _, port = place.partition(":")
    return secure, host, int(port or (443 if secure else 80)), target if target.startswith("/") else f"/{target}"


def _open(host: str, port: int, secure: bool, patience: float) -> Any:
    if secure:
        import socket

        make: Any = socket.socket
    else:
        make = _socket.socket
    problem: Exception = Broken(f"{host} has no address")
    # text would import `idna`
    for family, kind, protocol, _, place in _socket.getaddrinfo(host.encode("ascii"), port, 0, _socket.SOCK_STREAM):
        opened = make(family, kind, protocol)
        try:
            opened.settimeout(min(CONNECT_TIMEOUT, patience))
            opened.connect(place)
            opened.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            _set_patience(opened, patience)
            return opened
        except OSError as error:
            opened.close()
            problem = error
    raise problem


def _set_patience(opened: Any, seconds: float) -> None:
    """Sets a timeout in the kernel, so that it can wait for whole megabytes."""
    opened.settimeout(None)
    whole = int(seconds)
    timeval = whole.to_bytes(8, "little") + int((seconds - whole) * 1e6).to_bytes(8, "little")
    try:
        opened.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, timeval)
        opened.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, timeval)
    except OSError:  # a system with a different format of times
        opened.settimeout(seconds)


_made: Any = None


def _context() -> Any:
    """Returns the TLS context.

    Certificates in a hashed folder are read on demand; parsing the complete bundle takes 20 ms.
    """
    global _made
    if _made is None:
        import ssl

        _made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        file = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
        folder = os.environ.get("SSL_CERT_DIR") or "/etc/ssl/certs"
        if file:
            _made.load_verify_locations(cafile=file)
        elif os.path.isdir(folder) and any(name.endswith(".0") for name in os.listdir(folder)):
            _made.load_verify_locations(capath=folder)
        else:
            _made.load_default_certs()
    return _made


def _proxy(host: str, secure: bool) -> Optional[Tuple[str, int]]:
    """Returns (host, port) of the proxy for the host from the environment, or None.

    This machine and the cloud's own addresses never have one.
    """
    url = ""
    # HTTP_PROXY may come from a request's header, as in CGI
    for name in ("https_proxy", "HTTPS_PROXY") if secure else ("http_proxy",):
        url = url or os.environ.get(name, "")
    if not url or host in ("localhost", "::1") or host.startswith(("127.", "169.254.")):
        return None
    for suffix in (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(","):
        suffix = suffix.strip().lstrip("*").lstrip(".")
        if suffix and (host == suffix or host.endswith(f".{suffix}")):
            return None
    _, proxy, port, _ = split_url(url if "://" in url else f"http://{url}")
    return proxy.rpartition("@")[2], port


def date_of(text: str) -> Optional[float]:
    """Converts a Date header to seconds since 1970; returns None if it is invalid.

    >>> date_of("Sun, 06 Nov 1994 08:49:37 GMT")
    784111777.0
    """
    parts = text.split()
    try:
        day, month, year = int(parts[1]), "JanFebMarAprMayJunJulAugSepOctNovDec".index(parts[2]) // 3 + 1, int(parts[3])
        hours, minutes, seconds = map(int, parts[4].split(":"))
    except (IndexError, ValueError):
        return None
    years = year - (month <= 2)  # counted from March, so that a leap day comes last
    days = (
        365 * years + years // 4 - years // 100 + years // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1 - 719468
    )
    return float(days * 86400 + hours * 3600 + minutes * 60 + seconds)
