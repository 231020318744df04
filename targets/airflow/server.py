"""Requests to an Airflow server, through Airflow's own client.

The client's classes for single endpoints are of one release: they refuse what an earlier or later server leaves out or
adds. flowc therefore uses its connection and its errors, and reads the few fields that it needs itself. So one client
serves all servers: Airflow 3 with its API v2, and Airflow 2 with v1, for which there is a client that cannot be
installed beside this one.

Credentials come from the environment, and are neither written nor printed:

    FLOWC_AIRFLOW_TOKEN, AIRFLOW_CLI_TOKEN                a token, such as `gcloud auth print-access-token` prints
    FLOWC_AIRFLOW_USER and FLOWC_AIRFLOW_PASSWORD         exchanged for a token; sent as they are to Airflow 2

For an environment of Amazon MWAA, AWS passes the requests on (`mwaa.py`).
"""

from __future__ import annotations

import json
import os
import time
from urllib.parse import quote, urlencode

from flowc.targets.operating import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .mwaa import Environment

TOKENS = ("FLOWC_AIRFLOW_TOKEN", "AIRFLOW_CLI_TOKEN")
USER, PASSWORD = "FLOWC_AIRFLOW_USER", "FLOWC_AIRFLOW_PASSWORD"
AUTH = ("token", "basic", "none")
MWAA = "mwaa:"  # and the name of an environment
TRIES, SECONDS = 6, 60.0
PAGE = 100  # the most that a server gives at once, unless it is configured otherwise


class Missing(EngineError):
    """There is no such object."""


class Conflict(EngineError):
    """The object exists, or is in a state that does not allow this."""


class Invalid(EngineError):
    """The server does not accept the request's content."""


class Forbidden(EngineError):
    """This identity may not do that."""


class Server:
    """One Airflow installation."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.url = settings.get("airflow-url", "").rstrip("/")
        self._auth = settings.get("airflow-auth", "") or _auth()
        self._headers: dict[str, str] = {}
        self.is_2, self.version = False, ""
        self._mwaa: Environment | None = None
        if self._auth.startswith(MWAA):
            from .mwaa import Environment

            self._mwaa = Environment(self._auth[len(MWAA) :])
            self.url, self.version = self._mwaa.url, self._mwaa.version
            self.is_2 = self.version.startswith("2.")
            return
        if not self.url.startswith(("http://", "https://")):
            hint = 'write `airflow-url = "https://…"` into the context, or give `--airflow-url`'
            raise EngineError("the URL of the Airflow server is missing", hint)
        if self._auth not in AUTH:
            hint = f"it must be {', '.join(AUTH)} or {MWAA}ENVIRONMENT"
            raise EngineError(f"`airflow-auth` is `{self._auth}`", hint)
        self._client = _client(self.url)
        if self._auth == "token":  # what stands before a server may ask for it, whatever is asked of the server
            self._sign_in()
        self._find_version()
        if self._auth == "basic" or (self._auth == "none" and not self.is_2):
            self._sign_in()

    # ── signing in ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _find_version(self) -> None:
        """Finds which API the server has. A server that tells it only to those who are signed in counts as new."""
        for version in ("v2", "v1"):
            answer = self._raw("GET", f"/api/{version}/version")
            if answer.status == 200:
                self.is_2 = version == "v1"
                try:
                    self.version = str(json.loads(answer.data)["version"])
                except (ValueError, KeyError, TypeError):
                    break
                return
            if answer.status in (401, 403):
                self.version = ""
                return
        hint = "`airflow-url` is what stands before `/api/v2`, and before `/home` or `/dags` in a browser"
        raise EngineError(f"there is no Airflow at {self.url}", hint)

    def _sign_in(self) -> None:
        if self._auth == "token":
            self._headers["Authorization"] = f"Bearer {_token()}"
        elif self._auth == "basic" and self.is_2:
            import base64

            pair = ":".join(_pair()).encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            self._headers["Authorization"] = f"Bearer {self._exchanged()}"

    def _exchanged(self) -> str:
        """Returns a token of the server's own. Raises EngineError."""
        if self._auth == "basic":
            user, password = _pair()
            answer = self._raw("POST", "/auth/token", {"username": user, "password": password})
        else:
            answer = self._raw("GET", "/auth/token")
        try:
            token = json.loads(answer.data).get("access_token") if answer.status in (200, 201) else None
        except (ValueError, AttributeError):
            token = None
        if token:
            return str(token)
        if self._auth == "basic":
            raise EngineError(f"{self.url} does not accept the user and password", f"check {USER} and {PASSWORD}")
        hint = f"set {TOKENS[0]}, or {USER} and {PASSWORD}"
        raise EngineError(f"{self.url} asks who is there, and no credentials are set", hint)

    def user(self) -> str:
        """Returns the name that the credentials say; "" if they say none."""
        if self._auth == "basic":
            return _pair()[0]
        if self._mwaa is not None:
            return self._mwaa.user()
        return _subject(self._headers.get("Authorization", ""))

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, path: str, **query: object) -> Any:
        """Returns the answer, or None if there is no such object."""
        try:
            return self.call("GET", path, None, **query)
        except Missing:
            return None

    def pages(self, path: str, key: str, **query: object) -> Iterator[Any]:
        """Yields the items of a list, page by page."""
        offset = 0
        while True:
            answer = self.call("GET", path, None, limit=PAGE, offset=offset, **query)
            items = answer.get(key) or []
            yield from items
            offset += len(items)
            total = answer.get("total_entries")
            if not items or (total is not None and offset >= int(total)):
                return

    def call(self, method: str, path: str, body: Any = None, **query: object) -> Any:
        """Sends a request that may be repeated; returns the answer's JSON, or its text. Raises EngineError."""
        answer = self._answered(method, path, body, query)
        if not answer.data:
            return None
        try:
            return json.loads(answer.data)
        except ValueError:
            return answer.data.decode("utf-8", "replace")

    def _answered(self, method: str, path: str, body: Any, query: Mapping[str, object]) -> Any:
        api = "/api/v1" if self.is_2 else "/api/v2"
        words = [(name, value) for name, value in query.items() if value not in (None, "")]
        whole = api + path + ("?" + urlencode(words, doseq=True) if words else "")
        signed_in_again = False
        for attempt in range(TRIES):
            answer = self._raw(method, whole, body)
            if answer.status == 401 and self._auth in ("basic", "none") and not signed_in_again:
                signed_in_again = True  # the token has expired
                self._sign_in()
                answer = self._raw(method, whole, body)
            if answer.status < 300:
                return answer
            if answer.status not in (429, 500, 502, 503, 504) or attempt == TRIES - 1:
                raise self._refused(answer, method, path)
            time.sleep(0.3 * 2**attempt)
        raise AssertionError("unreachable")

    def _raw(self, method: str, path: str, body: Any = None) -> Any:
        """Sends a request, again if the network fails. Raises EngineError if the server does not answer."""
        if self._mwaa is not None:
            return self._mwaa.send(method, path, body)
        from airflow_client.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json", **self._headers}
        if body is not None:  # Airflow 2 refuses a type without a body
            headers["Content-Type"] = "application/json"
        for attempt in range(TRIES):
            try:
                answer = self._client.call_api(method, self.url + path, headers, body, _request_timeout=SECONDS)
                answer.read()
                return answer
            except (ApiException, HTTPError, OSError) as error:
                if attempt == TRIES - 1:
                    reason = getattr(error, "reason", None) or error
                    hint = "check the network and `airflow-url`, and run the same command again"
                    raise EngineError(f"{self.url} does not answer: {reason}", hint) from None
            time.sleep(0.3 * 2**attempt)
        raise AssertionError("unreachable")

    def _refused(self, answer: Any, method: str, path: str) -> EngineError:
        message = _message(answer)
        if answer.status == 404:
            return Missing(message or f"there is no {path}")
        if answer.status == 409:
            return Conflict(message)
        if answer.status in (400, 422):
            return Invalid(f"Airflow refuses {method} {path}: {message}")
        if answer.status == 401 or (answer.status == 403 and "Invalid JWT" in message):
            hint = f"{TOKENS[0]} may have expired: sign in again" if self._auth == "token" else "check the credentials"
            return EngineError(f"{self.url} does not accept the credentials", f"{hint}, and run the same command again")
        if answer.status == 403:
            hint = f"check {PASSWORD}: Airflow 2 answers so to a wrong one, too" if self.is_2 else _ROLES
            return Forbidden(f"{self.user() or 'this identity'} may not {method} {path}: {message}", hint)
        return EngineError(f"Airflow refuses {method} {path} ({answer.status}): {message}")


_ROLES = "docs/deploying.md says what flowc needs to be allowed"


def part(text: str) -> str:
    """Returns the text as one part of a path."""
    return quote(text, safe="")


def _auth() -> str:
    if any(os.environ.get(name) for name in TOKENS):
        return "token"
    return "basic" if os.environ.get(USER) else "none"


def _token() -> str:
    for name in TOKENS:
        if os.environ.get(name):
            return os.environ[name]
    raise EngineError("there is no token for Airflow", f"set {TOKENS[0]}")


def _pair() -> tuple[str, str]:
    user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
    if not user or not password:
        raise EngineError("the user or the password for Airflow is missing", f"set {USER} and {PASSWORD}")
    return user, password


def _subject(authorization: str) -> str:
    """Returns whom a JSON Web Token is for."""
    import base64

    parts = authorization.rpartition(" ")[2].split(".")
    if len(parts) != 3:
        return ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return str(claims.get("email") or claims.get("sub") or "")
    except (ValueError, AttributeError):
        return ""


def _client(url: str) -> Any:
    try:
        from airflow_client.client import ApiClient, Configuration
    except ImportError:
        raise EngineError("Airflow's client is not installed", "run `pip install 'flowc[airflow]'`") from None
    import urllib3

    configuration = Configuration(host=url)
    # `_raw` repeats what may be repeated; a redirect would lead credentials elsewhere
    configuration.retries = urllib3.Retry(0, redirect=0, raise_on_redirect=False)
    return ApiClient(configuration)


def _message(answer: Any) -> str:
    text = answer.data.decode("utf-8", "replace") if answer.data else str(answer.reason or "")
    try:
        body = json.loads(text)
        detail = body.get("detail") or body.get("title") or text
    except (ValueError, AttributeError):
        return text if len(text) < 300 else str(answer.reason or "")
    if isinstance(detail, list):  # what a request lacks, one by one
        return "; ".join(
            f"{'.'.join(map(str, one.get('loc', [])))}: {one.get('msg', '')}" for one in detail if isinstance(one, dict)
        )
    if isinstance(detail, dict):
        return str(detail.get("message") or detail.get("reason") or detail)
    return str(detail)
