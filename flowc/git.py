"""The commit that a folder's files are at, read from git's own files: no program is started for it."""

from __future__ import annotations

import os


def git_commit(folder: str) -> dict[str, str]:
    """Returns `{"git": COMMIT}` for the commit that is checked out in the nearest repository upwards, or {} where there is none."""
    found = _git_folder(os.path.abspath(folder))
    if not found:
        return {}
    head = _read(found, "HEAD")
    if head.startswith("ref: "):
        name = head[len("ref: ") :]
        common = os.path.join(found, _read(found, "commondir") or ".")  # a work tree of its own keeps branches with the repository
        head = _read(common, name) or _packed(common, name)
    return {"git": head} if len(head) in (40, 64) and all(each in "0123456789abcdef" for each in head) else {}


def _git_folder(folder: str) -> str:
    while True:
        path = os.path.join(folder, ".git")
        if os.path.isdir(path):
            return path
        if os.path.isfile(path):
            line = _read(folder, ".git")
            return os.path.normpath(os.path.join(folder, line[len("gitdir: ") :])) if line.startswith("gitdir: ") else ""
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def _packed(folder: str, name: str) -> str:
    for line in _read(folder, "packed-refs").split("\n"):
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return ""


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, *name.split("/")), encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""
