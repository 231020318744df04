"""Runs uv, which resolves and installs packages.

uv runs without its configuration files and with few environment variables, so that a lock depends only on the flow and
the indexes. It never downloads a Python. It finds credentials itself (UV_INDEX_NAME_USERNAME, netrc, a keyring).
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start import child
from flowc.terminal import Failure

from .uv_command import index_options, url_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.fast_start.child import Running

_KEPT = (
    "HOME",
    "PATH",
    "TMPDIR",
    "USER",
    "LANG",
    "LC_ALL",
    "NETRC",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSL_CLIENT_CERT",
    "PYENV_ROOT",
    "UV_CACHE_DIR",
    "UV_PYTHON_INSTALL_DIR",
    "UV_KEYRING_PROVIDER",
    "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_OFFLINE",
    "UV_LINK_MODE",
    "UV_CONCURRENT_DOWNLOADS",
    "UV_CREDENTIALS_DIR",
)


class Refused(Exception):
    """A failure of uv; the text is its message."""


def executable() -> str:
    """Returns the path of uv. Raises Failure if it is not installed."""
    import sys

    beside = os.path.join(os.path.dirname(sys.executable), "uv")
    if sys.prefix != sys.base_prefix and os.access(beside, os.X_OK):
        return beside  # where uv's own function would find it, in a virtual environment
    import shutil

    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, OSError):
        index = shutil.which("uv")
    if index is None:
        raise Failure("environments need uv, which is not installed here: install `flowc[environments]`, or uv itself")
    return index


def run(arguments: list[str], text: str = "", cwd: str | None = None, more: dict[str, str] | None = None) -> str:
    """Runs uv with the text on its standard input, and returns its output. `more` are further variables.

    Raises Refused with uv's message if it fails, and Failure if an index cannot be reached.
    """
    running = None if more else _begun.pop((tuple(arguments), text), None)
    if running is None:
        command = [executable(), *(("--directory", cwd) if cwd else ()), *arguments]
        running = child.start(command, text, {**_environment(), **(more or {})})
    code, output, errors = running.wait()
    if code != 0 and ("Request failed after" in errors or "Failed to fetch" in errors):
        raise Failure(f"an index cannot be reached, or its answer is invalid: {_said(errors)}")
    if code != 0:
        raise Refused(_said(errors) or f"uv ended with exit code {code}")
    return output


def begin(arguments: list[str], text: str) -> None:
    """Starts uv as `run` with these arguments and this text would, which then takes its answer.

    The arguments must not concern files. Whatever has not been taken is stopped at the end of this process.
    """
    if not _begun:
        import atexit

        atexit.register(_stop)
    try:
        command = [executable(), "--directory", "/", *arguments]
        _begun[tuple(arguments), text] = child.start(command, text, _environment())
    except (Failure, OSError):
        pass  # `run` reports it


def _stop() -> None:
    for running in _begun.values():
        running.stop()
    _begun.clear()


_begun: dict[tuple[tuple[str, ...], str], Running] = {}


def python(version: str) -> str:
    """Returns the path of a Python of that version, such as "3.12". Raises Refused if this machine has none."""
    import sys

    if version == "{}.{}".format(*sys.version_info):
        return sys.executable
    try:
        return run(["python", "find", "--no-project", "--system", version]).strip()
    except Refused:
        path = _of_pyenv(version)
        if not path:
            raise
        return path


def _of_pyenv(version: str) -> str:
    """Returns a Python of pyenv, whose commands on PATH do not start unless it is configured to use that version."""
    folder = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    try:
        names = [name for name in os.listdir(folder) if name.startswith(f"{version}.") and name.count(".") == 2]
    except OSError:
        return ""
    numbered = sorted((int(last), name) for name in names if (last := name.rpartition(".")[2]).isdigit())
    paths = [os.path.join(folder, name, "bin", f"python{version}") for _, name in reversed(numbered)]
    return next((path for path in paths if os.access(path, os.X_OK)), "")


def indexes(index: tuple[str, ...], default: str, over: bool = False) -> tuple[list[str], tuple[str, ...]]:
    """Returns uv's options for the indexes, and the indexes, each `[NAME=]URL`. The first that has a package wins.

    Missing arguments come from UV_INDEX and UV_DEFAULT_INDEX, else from PyPI. With `over`, these variables override the
    arguments: they name a mirror of the locked indexes. Raises Failure for a URL that holds a password.
    """
    named, last_named = tuple(os.environ.get("UV_INDEX", "").split()), os.environ.get("UV_DEFAULT_INDEX", "")
    if over:
        index, default = named or index, last_named or default
    first = index or named
    last = default or last_named or "https://pypi.org/simple"
    for written in (*first, last):
        url = url_of(written)
        if "@" in url.partition("://")[2].partition("/")[0]:
            shown = url.partition("://")[0] + "://…@" + url.partition("@")[2]
            raise Failure(
                f"the URL of the index {shown} holds a user or a password, which would end up in locks and logs: "
                "name the index, `NAME=URL`, and set UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD"
            )
    return index_options(first, last), (*first, last)


def _environment() -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith("XDG_") or name.lower().endswith("_proxy")
    }
    credentials = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("UV_INDEX_") and name.endswith(("_USERNAME", "_PASSWORD"))
    }
    fixed = {
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        "UV_NO_INSTALLER_METADATA": "1",
    }
    return {**own, **credentials, **fixed}


def _said(errors: str) -> str:
    """Returns uv's message on one line, without its box-drawing characters."""
    lines = []
    for line in errors.split("\n"):
        words = line.strip().lstrip("×╰─▶├│ ").strip()
        if words and not words.startswith(("warning:", "Using ", "Resolved ", "Creating ", "Activate ")):
            lines.append(words.removeprefix("error: "))
    return " ".join(lines)
