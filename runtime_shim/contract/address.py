"""Addresses: a task's path, known before it runs, and the names of objects in the datastore.

See docs/shim.md, Paths and Datastore.

>>> child("-", 3), child("3", 0), parent("3.0"), parent("3")
('3', '3.0', '3', '-')
>>> next_visit("3"), next_visit("3~1"), leave("3~2"), leave("-")
('3~1', '3~2', '3', '-')
>>> indices("3.0~2"), encoded("a b/ü"), decoded("a%20b%2F%C3%BC")
((3, 0), 'a%20b%2F%C3%BC', 'a b/ü')
"""

from __future__ import annotations

ROOT = "-"
LONGEST = 500  # most characters of a path, enough for any realistic nesting
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~")


class BadPath(ValueError):
    """Raised for text that is not a valid task path."""


def checked(path: str) -> str:
    """Returns the path itself. Raises BadPath if it is invalid."""
    base, tilde, visit = path.partition("~")
    if len(path) > LONGEST or (tilde and (not visit.isdigit() or not visit.isascii() or visit.startswith("0"))):
        raise BadPath(path)
    if base != ROOT and not all(part.isascii() and part.isdigit() for part in base.split(".")):
        raise BadPath(path)
    return path


def child(path: str, index: int) -> str:
    """Returns the path of the task for item `index` of the foreach that the task at `path` made."""
    base = leave(path)
    return str(index) if base == ROOT else f"{base}.{index}"


def parent(path: str) -> str:
    """Returns the path one foreach further out. Raises BadPath outside any foreach."""
    base = leave(path)
    if base == ROOT:
        raise BadPath(path)
    return base.rpartition(".")[0] or ROOT


def next_visit(path: str) -> str:
    """Returns the path of a loop's next visit."""
    return f"{leave(path)}~{visit(path) + 1}"


def visit(path: str) -> int:
    """Returns how often the loop has gone round before this visit; 0 outside a loop."""
    return int(path.partition("~")[2] or 0)


def leave(path: str) -> str:
    """Returns the path without the visit, which is the path of the steps before and after the loop."""
    return path.partition("~")[0]


def indices(path: str) -> tuple[int, ...]:
    """Returns the foreach indices, outermost first."""
    base = leave(path)
    return () if base == ROOT else tuple(int(index) for index in base.split("."))


def order(path: str) -> tuple[tuple[int, ...], int]:
    """Returns a key that sorts paths as a person counts: by indices, then by visit."""
    return indices(path), visit(path)


def task_id(step: str, path: str) -> str:
    """Returns a task's id as users see it, unique in the run (`current.task_id`, the client's `Task.id`).

    >>> task_id("train", "-"), task_id("train", "3.0"), task_id("train", "-~2"), task_id("train", "3~1")
    ('train', 'train-3.0', 'train~2', 'train-3~1')
    """
    return step + path[1:] if path.startswith(ROOT) else f"{step}-{path}"


def path_of_task(step: str, id: str) -> str:
    """Returns the path of the task of `step` with this id. Accepts the path itself too. Raises BadPath.

    >>> path_of_task("train", "train-3.0"), path_of_task("train", "3.0"), path_of_task("train", "train")
    ('3.0', '3.0', '-')
    >>> path_of_task("train", "train~2")
    '-~2'
    """
    if id == step or id.startswith(step + "~"):
        return checked(ROOT + id[len(step) :])
    return checked(id[len(step) + 1 :] if id.startswith(step + "-") else id)


def encoded(text: str) -> str:
    """Returns the text as one segment of an object's name.

    It percent-encodes all but letters, digits and `_-.~`, and a leading `.`.
    """
    if text and _SAFE.issuperset(text) and not text.startswith("."):
        return text
    data = text.encode("utf-8", "surrogatepass")
    safe = "".join(chr(byte) if chr(byte) in _SAFE else f"%{byte:02X}" for byte in data)
    return f"%2E{safe[1:]}" if safe.startswith(".") else safe or "%"


def decoded(segment: str) -> str:
    """Returns the text that `encoded` was given."""
    if segment == "%":
        return ""
    head, *parts = segment.split("%")
    data = head.encode() + b"".join(bytes([int(part[:2], 16)]) + part[2:].encode() for part in parts)
    return data.decode("utf-8", "surrogatepass")


def code_name(flow: str, digest: str) -> str:
    """Returns the object of a code package; `digest` may have the prefix `sha256:`."""
    return f"{encoded(flow)}/code/{encoded(digest.rpartition(':')[2])}.tar.gz"


def blob_name(flow: str, digest: str) -> str:
    return f"{encoded(flow)}/blobs/{digest[:2]}/{digest}"


def file_name(flow: str, digest: str) -> str:
    """Returns the object of a file that a run was started with (`IncludeFile`)."""
    return f"{encoded(flow)}/files/{digest[:2]}/{digest}"


def environment_name(flow: str, digest: str) -> str:
    """Returns the object of an environment that tasks ran in (environment.py)."""
    return f"{encoded(flow)}/environments/{digest}.json"


def cache_name(flow: str, key: str) -> str:
    """Returns the object that names the task which has done the work with this key (`flowc run --cache`)."""
    return f"{encoded(flow)}/cache/{key[:2]}/{key}.json"


def runs_name(flow: str) -> str:
    return f"{encoded(flow)}/runs/"


def run_name(flow: str, run: str) -> str:
    """Returns the folder of a run, with a slash at its end."""
    return f"{encoded(flow)}/runs/{encoded(run)}/"


def run_record_name(flow: str, run: str) -> str:
    return run_name(flow, run) + "run.json"


def code_of_request_name(flow: str, run: str, request: int) -> str:
    """Returns the object that names the code for an operator's Nth request to run something again."""
    return run_name(flow, run) + f"code.{request}.json"


def superseded_name(flow: str, run: str, rest: str = "") -> str:
    """Returns the name of an object that was set aside in the run, or the folder of all of them if `rest` is empty."""
    return f"{encoded(flow)}/superseded/{encoded(run)}/{rest}"


def record_name(flow: str, run: str, step: str, path: str) -> str:
    return f"{run_name(flow, run)}{encoded(step)}/{encoded(path)}.json"


def task_name(flow: str, run: str, step: str, path: str, suffix: str) -> str:
    """Returns a different object of a task: `outcome.json`, `paths.json`, `0.log`, `0.failure.json`."""
    return f"{run_name(flow, run)}{encoded(step)}/{encoded(path)}.{suffix}"
