"""A folder of DAG files on this machine, which Airflow reads or which is synchronized to it."""

from __future__ import annotations

import os
import time

from flowc.targets.operating import EngineError

from .dag_folder import File

LEFT_OVER = 3600.0  # seconds after which an unfinished file is what a killed deploy has left


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, path: str) -> None:
        self.url = path
        if not os.path.isdir(path):
            raise EngineError(f"the folder of DAG files {path} does not exist", "create it, or correct `dags`")

    def read(self, name: str) -> File | None:
        path = os.path.join(self.url, name)
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
                text = file.read()
            about = os.stat(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", path, error) from None
        return File(text, _user(about.st_uid), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(about.st_mtime)))

    def write(self, name: str, text: str, what: str) -> None:
        path = os.path.join(self.url, name)
        part = os.path.join(self.url, f".{name}.{os.getpid()}.part")  # not `.py`: Airflow does not read it
        try:
            self._clean(name)
            with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError as error:
            raise _failed("write", path, error) from None

    def remove(self, name: str, what: str) -> None:
        path = os.path.join(self.url, name)
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _failed("remove", path, error) from None

    def refusal(self) -> str:
        return "" if os.access(self.url, os.W_OK | os.X_OK) else f"write files in {self.url}"

    def _clean(self, name: str) -> None:
        for entry in os.scandir(self.url):
            if entry.name.startswith(f".{name}.") and entry.name.endswith(".part"):
                if time.time() - entry.stat().st_mtime > LEFT_OVER:
                    os.unlink(entry.path)


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _failed(verb: str, path: str, error: OSError) -> EngineError:
    return EngineError(f"flowc cannot {verb} {path}: {os.strerror(error.errno or 0)}")
