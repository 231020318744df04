"""The commit of a flow's files, and whether the files differ from it.

The commit is read from git's own files. Only git can compare, so it runs in the background while the run is prepared.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

PATIENCE = 2.0  # seconds to wait for git


class Checkout:
    """A comparison of files, given by their paths from the folder, with the commit; it starts in the background."""

    def __init__(self, folder: str, files: Iterable[str]) -> None:
        self._found: dict[str, Any] = git_commit(folder)
        self._pid = 0
        if not self._found or not hasattr(os, "posix_spawnp"):
            return
        # start no hook or helper that the repository configures, and do not write its index
        options = ("-c", "core.fsmonitor=false", "--no-optional-locks", "--literal-pathspecs", "-C", folder)
        existing = sorted(file for file in files if os.path.exists(os.path.join(folder, file)))
        words = ["git", *options, "status", "--porcelain", "--untracked-files=all", "--", *(existing or ["."])]
        self._pipe, writing = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        try:
            actions = [
                (os.POSIX_SPAWN_DUP2, null, 0),
                (os.POSIX_SPAWN_DUP2, writing, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
            ]
            self._pid = os.posix_spawnp("git", words, {**os.environ, "GIT_TERMINAL_PROMPT": "0"}, file_actions=actions)
        except OSError:  # git is not installed
            os.close(self._pipe)
        finally:
            os.close(writing)
            os.close(null)

    def found(self) -> dict[str, Any]:
        """Returns `git`, the commit, and `dirty`, True if the files differ from it.

        `dirty` is absent if it is unknown. The dictionary is empty outside a repository.
        """
        if self._pid:
            import select
            import signal

            ready, _, _ = select.select([self._pipe], [], [], PATIENCE)
            changed = bool(os.read(self._pipe, 1)) if ready else False
            os.close(self._pipe)
            if not ready:
                os.kill(self._pid, signal.SIGKILL)
            _, status = os.waitpid(self._pid, 0)
            self._pid = 0
            if changed or status == 0:
                self._found["dirty"] = changed
        return dict(self._found)


def git_commit(folder: str) -> dict[str, str]:
    """Returns `{"git": COMMIT}` for the commit checked out in the nearest repository above, or {} if there is none."""
    git_folder = _git_folder(os.path.abspath(folder))
    if not git_folder:
        return {}
    head = _read(git_folder, "HEAD")
    if head.startswith("ref: "):
        name = head[len("ref: ") :]
        # a linked work tree keeps its branches in the main repository
        common = os.path.join(git_folder, _read(git_folder, "commondir") or ".")
        head = _read(common, name) or _packed(common, name)
    return {"git": head} if len(head) in (40, 64) and all(character in "0123456789abcdef" for character in head) else {}


def branch_of(folder: str) -> str:
    """Returns the branch that is checked out in the nearest repository above, or ""."""
    git_folder = _git_folder(os.path.abspath(folder))
    head = _read(git_folder, "HEAD") if git_folder else ""
    return head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else ""


def _git_folder(folder: str) -> str:
    while True:
        path = os.path.join(folder, ".git")
        if os.path.isdir(path):
            return path
        if os.path.isfile(path):
            line = _read(folder, ".git")
            return (
                os.path.normpath(os.path.join(folder, line[len("gitdir: ") :])) if line.startswith("gitdir: ") else ""
            )
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
