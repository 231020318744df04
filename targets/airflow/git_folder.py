"""A folder of DAG files in a working tree of git, from which an installation gets them (`GitDagBundle`, git-sync).

What counts is what the installation can fetch: the upstream branch, or the checked-out commit of a branch without one.
A deploy commits the one file, whatever else is changed or staged, and pushes. If the push is refused, because somebody
else has pushed, the commit stays and the same command goes on with it after `git pull --rebase`.
"""

from __future__ import annotations

import os
import subprocess

from flowc.targets.operating import EngineError

from .dag_folder import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 120.0  # for one command of git


class GitFolder:
    """A folder in a working tree. Raises EngineError if there is none, or no branch is checked out."""

    def __init__(self, path: str) -> None:
        self.url = f"git:{path}"
        self._path = path
        if not os.path.isdir(path):
            raise EngineError(f"the folder of DAG files {path} does not exist", "create it, or correct `dags`")
        if self._git("rev-parse", "--is-inside-work-tree", check=False).stdout.strip() != "true":
            raise EngineError(f"{path} is in no working tree of git", "correct `dags`, or leave out `git:`")
        self._branch = self._git("symbolic-ref", "--short", "-q", "HEAD", check=False).stdout.strip()
        if not self._branch:
            raise EngineError(f"no branch is checked out in {path}", "check out the branch that Airflow reads")
        upstream = self._git("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}", check=False)
        self._upstream = upstream.stdout.strip() if upstream.returncode == 0 else ""
        if self._upstream:
            self._git("fetch", "-q")

    def read(self, name: str) -> File | None:
        where = self._upstream or "HEAD"
        shown = self._git("show", f"{where}:./{name}", check=False)
        if shown.returncode:
            return None
        by, _, at = self._git("log", "-1", "--format=%an%x09%aI", where, "--", name).stdout.strip().partition("\t")
        return File(shown.stdout, by, at)

    def write(self, name: str, text: str, what: str) -> None:
        self._check_clean(name, text)
        with open(os.path.join(self._path, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        self._git("add", "--", name)
        self._publish(name, what)

    def remove(self, name: str, what: str) -> None:
        self._check_clean(name, None)
        self._git("rm", "-q", "--ignore-unmatch", "--", name)
        self._publish(name, what)

    def refusal(self) -> str:
        return "" if os.access(self._path, os.W_OK) else f"write files in {self._path}"

    def _check_clean(self, name: str, text: str | None) -> None:
        """Raises EngineError if the file has changes that nobody has committed, and that are not the wanted text."""
        if not self._git("status", "--porcelain", "--", name).stdout.strip():
            return
        try:
            with open(os.path.join(self._path, name), encoding="utf-8", newline="") as file:
                live: str | None = file.read()
        except FileNotFoundError:
            live = None
        if live != text:  # else an earlier deploy was cut off before its commit
            message = f"{os.path.join(self._path, name)} has changes that are not committed"
            raise EngineError(message, "commit them, or undo them with `git checkout`, and run the same command again")

    def _publish(self, name: str, what: str) -> None:
        """Commits the file if that is left to do, and pushes."""
        if self._git("diff", "--cached", "--quiet", "HEAD", "--", name, check=False).returncode:
            self._git("commit", "-q", "-m", what, "--only", "--", name)
        if not self._upstream:
            return
        pushed = self._git("push", "-q", check=False)
        if pushed.returncode:
            reason = pushed.stderr.strip().splitlines()
            message = f"git cannot push {self._branch}: {reason[0] if reason else 'it does not say why'}"
            raise EngineError(message, f"run `git -C {self._path} pull --rebase`, and the same command again")

    def _git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs git, which must not ask for anything. Raises EngineError."""
        environment: Mapping[str, str] = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                ["git", "-C", self._path, *arguments],
                capture_output=True,
                encoding="utf-8",
                errors="surrogateescape",
                stdin=subprocess.DEVNULL,
                env=environment,
                timeout=SECONDS,
            )
        except FileNotFoundError:
            raise EngineError("git is not installed", "install it, or give a folder without `git:`") from None
        except subprocess.TimeoutExpired:
            raise EngineError(f"`git {arguments[0]}` has not ended within {SECONDS:.0f} seconds") from None
        if check and done.returncode:
            raise EngineError(f"`git {' '.join(arguments[:2])}` failed: {done.stderr.strip()}")
        return done
