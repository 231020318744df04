"""`Runner`: starts and watches runs of a flow's file from Python (Metaflow's documentation, Programmatic execution).

    with Runner("flow.py").run(alpha=5, tags=["try"]) as running:
        print(running.status, running.run.data.score)

Each run is a process of flowc's command line, so the flow is not imported here. The run reports its events in a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from .flow_file import command_line
from .options import Usage

RUNNING, SUCCESSFUL, FAILED, TIMEOUT = "running", "successful", "failed", "timeout"
PAUSE = 0.02  # seconds between polls of a process
GRACE = 10.0  # seconds for a run to end its tasks before it is killed
_NAMES = {"decospecs": "with", "tags": "tag", "user_namespace": "namespace"}  # Metaflow's names in Python → options
_REPEATED = frozenset(
    ("decospecs", "with", "tags", "tag", "parameter", "set", "env", "env_file", "source_root", "without")
)
_PAIRS = frozenset(("config", "config_value"))
_FLAGS = frozenset(("production", "quiet", "not_quiet", "pylint", "no_pylint", "cache", "json"))


class Stream:
    """The output of a process on one stream: a thread reads it, keeps it, and forwards it."""

    def __init__(self, pipe: Any, shown: Any) -> None:
        self._pipe, self._shown = pipe, shown
        self._parts: list[bytes] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        return b"".join(self._parts).decode("utf-8", "replace")

    def join(self) -> None:
        self._thread.join()

    def _take(self) -> None:
        with self._pipe:
            for line in self._pipe:
                self._parts.append(line)
                if self._shown is not None:
                    self._shown.write(line.decode("utf-8", "replace"))
                    self._shown.flush()


class Command:
    """A process of flowc's command line. `process` is its `subprocess.Popen`."""

    def __init__(self, words: list[str], env: dict[str, str], cwd: str | None, show: bool) -> None:
        self.command = [sys.executable, "-m", "flowc", *words]
        self.process = subprocess.Popen(
            self.command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.streams = {
            "stdout": Stream(self.process.stdout, sys.stdout if show else None),
            "stderr": Stream(self.process.stderr, sys.stderr if show else None),
        }
        self.timeout = False

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def close(self) -> None:
        """Waits for the end, and for the last output."""
        self.process.wait()
        for stream in self.streams.values():
            stream.join()

    def kill(self) -> None:
        """Ends the run, and before it its tasks, as Ctrl-C does."""
        if not self.ended:
            self.process.terminate()
            try:
                self.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.close()


class ExecutingRun:
    """A run that is going or has ended. As a context manager, it ends the run on exit."""

    def __init__(self, runner: Runner, command_obj: Command, events: str) -> None:
        self.runner, self.command_obj = runner, command_obj
        self._events = events  # the file of events
        self._begun: dict[str, Any] = {}

    @property
    def run(self) -> Any:
        """The client's object (`Run`). Raises RuntimeError if the run ended before its first step began."""
        run = self._run()
        if self.command_obj.ended and not run._exists():
            self.command_obj.close()
            flow = run.pathspec.partition("/")[0]
            message = f"run {run.id!r} of the flow {flow} failed before its first step began, so it has no data"
            raise RuntimeError(f"{message}\n{self.stderr}".rstrip())
        return run

    def _run(self) -> Any:
        from flowc.runtime_shim.client.datastore import open_datastore
        from flowc.runtime_shim.client.run import Run

        begun = self._begin()
        if not begun:
            raise RuntimeError(f"the run has not begun\n{self.stderr}".rstrip())
        store = begun["store"]
        if "://" not in store:
            store = os.path.join(self.runner.cwd or os.getcwd(), store)
        return Run._made(open_datastore(store), (begun["flow"], begun["run"]))

    @property
    def status(self) -> str:
        """`running`, `successful`, `failed` or `timeout` (`wait` ended the run)."""
        if self.command_obj.timeout:
            return TIMEOUT
        code = self.returncode
        return RUNNING if code is None else FAILED if code else SUCCESSFUL

    @property
    def returncode(self) -> int | None:
        return self.command_obj.process.poll()

    @property
    def stdout(self) -> str:
        """The run's standard output so far."""
        return self.command_obj.streams["stdout"].text

    @property
    def stderr(self) -> str:
        return self.command_obj.streams["stderr"].text

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events so far, as `flowc run --json` prints them: `event`, `time`, `step`, `path`, … (docs/cli.md)."""
        try:
            with open(self._events, encoding="utf-8") as file:
                return [json.loads(line) for line in file.read().split("\n")[:-1]]
        except FileNotFoundError:
            return []

    def follow(self) -> Iterator[dict[str, Any]]:
        """Yields the events as they happen, until the run has ended."""
        seen = 0
        while True:
            ended = self.command_obj.ended
            events = self.events
            yield from events[seen:]
            seen = len(events)
            if ended:
                return
            time.sleep(PAUSE)

    async def wait(self, timeout: float | None = None, stream: str | None = None) -> ExecutingRun:
        """Waits for the end, and prints `stream` meanwhile.

        After `timeout` seconds it ends the run, whose status is then `timeout`.
        """
        until = None if timeout is None else time.monotonic() + timeout
        shown = 0
        while True:
            ended = self.command_obj.ended
            if stream is not None:
                text = self.command_obj.streams[_stream(stream)].text
                sys.stdout.write(text[shown:])
                shown = len(text)
            if ended:
                self.command_obj.close()
                return self
            if until is not None and time.monotonic() >= until:
                self.command_obj.timeout = True
                self.command_obj.kill()
                return self
            await asyncio.sleep(PAUSE)

    async def stream_log(self, stream: str, position: int | None = None) -> AsyncIterator[tuple[int, str]]:
        """Yields (position, line) of `stdout` or `stderr` until the run has ended.

        It starts at `position`, which an earlier pair holds.
        """
        at = position or 0
        kept = self.command_obj.streams[_stream(stream)]
        while True:
            ended = self.command_obj.ended
            if ended:
                self.command_obj.close()
            *lines, rest = kept.text[at:].split("\n")
            for line in [*lines, *([rest] if ended and rest else [])]:
                at += len(line) + 1
                yield at, line
            if ended:
                return
            await asyncio.sleep(PAUSE)

    def _begin(self) -> dict[str, Any]:
        """Returns the event `begin`, or an empty dict if the run has not begun."""
        if not self._begun:
            self._begun = next((event for event in self.events if event.get("event") == "begin"), {})
        return self._begun

    def _has_begun(self) -> bool:
        return bool(self._begin()) and self._run()._exists()

    def __enter__(self) -> ExecutingRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.cleanup()

    def __str__(self) -> str:
        return (
            f"<ExecutingRun: {'/'.join((self._begin() or {}).get(key, '?') for key in ('flow', 'run'))}, {self.status}>"
        )

    __repr__ = __str__


class Runner:
    """Starts runs of one flow file. Metaflow's top options are keyword arguments: `decospecs=["retry"]`, …"""

    def __init__(
        self, flow_file: str, show_output: bool = True, profile: str | None = None, env: dict[str, str] | None = None,
        cwd: str | None = None, file_read_timeout: int = 3600, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Waits at most `file_read_timeout` seconds for a run to begin. `profile` becomes its METAFLOW_PROFILE."""
        self.flow_file = os.path.abspath(os.path.join(cwd or "", flow_file))
        self.show_output, self.env, self.cwd, self.file_read_timeout = (
            show_output,
            {**({} if profile is None else {"METAFLOW_PROFILE": profile}), **(env or {})},
            cwd,
            file_read_timeout,
        )
        self.top_options = kwargs
        self._folder = tempfile.mkdtemp(prefix="flowc-runner-")
        self._started: list[ExecutingRun] = []

    def run(self, **kwargs: Any) -> ExecutingRun:
        """Runs the flow to its end. Parameters and options of `flowc run` are keyword arguments: `alpha=5`, …

        Raises RuntimeError, with the output, if the run did not begin, and ValueError for an unknown top option. A
        failed run raises nothing: its status is `failed`.
        """
        return self._to_its_end(self._start("run", kwargs))

    def resume(self, **kwargs: Any) -> ExecutingRun:
        """Resumes a run as `flowc resume` does. Options are keyword arguments: `origin_run_id`, `step_to_rerun`, …"""
        return self._to_its_end(self._start("resume", kwargs))

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        """Starts a run, and returns when it has begun."""
        return await self._until_begun(self._start("run", kwargs))

    async def async_resume(self, **kwargs: Any) -> ExecutingRun:
        return await self._until_begun(self._start("resume", kwargs))

    def spin(self, pathspec: str, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "flowc has no `spin`: `resume(step_to_rerun=STEP)` runs a step and everything after it again"
        )

    async def async_spin(self, pathspec: str, **kwargs: Any) -> Any:
        return self.spin(pathspec, **kwargs)

    def cleanup(self) -> None:
        """Ends the runs that are still going, and deletes their files of events."""
        for run in self._started:
            run.command_obj.kill()
            run._begin()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, command: str, options: dict[str, Any]) -> ExecutingRun:
        os.makedirs(self._folder, exist_ok=True)
        events = os.path.join(self._folder, f"{len(self._started)}.jsonl")
        step = options.pop("step_to_rerun", None) if command == "resume" else None
        argv = [
            *_words(self.top_options),
            command,
            *([str(step)] if step else []),
            *_words(options),
            "--events",
            events,
        ]
        try:
            words = command_line(self.flow_file, "", argv)
        except Usage as error:
            raise ValueError(f"{error.message}{'; ' + error.hint if error.hint else ''}") from None
        at = words.index("--flow")
        del words[at : at + 2]  # without it, flowc takes the file's only flow, or reports that there are several
        started = ExecutingRun(
            self,
            Command(words, {**os.environ, "PYTHONUNBUFFERED": "1", **self.env}, self.cwd, self.show_output),
            events,
        )
        self._started.append(started)
        return started

    def _to_its_end(self, started: ExecutingRun) -> ExecutingRun:
        try:
            started.command_obj.close()
        except BaseException:  # Ctrl-C: the run must not outlive its caller
            started.command_obj.kill()
            raise
        if not started._begin():
            raise _never_began(started)
        return started

    async def _until_begun(self, started: ExecutingRun) -> ExecutingRun:
        until = time.monotonic() + self.file_read_timeout
        while not started._has_begun():
            if started.command_obj.ended:
                started.command_obj.close()
                if started._begin():
                    break
                raise _never_began(started)
            if time.monotonic() >= until:
                started.command_obj.kill()
                raise TimeoutError(
                    f"the run did not begin within {self.file_read_timeout} s\n{started.stderr}".rstrip()
                )
            await asyncio.sleep(PAUSE)
        return started

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    async def __aenter__(self) -> Runner:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cleanup()


def _never_began(started: ExecutingRun) -> RuntimeError:
    message = f"the run of {started.runner.flow_file} did not begin (exit code {started.returncode})"
    return RuntimeError(f"{message}\n{started.stdout}{started.stderr}".rstrip())


def _words(options: dict[str, Any]) -> list[str]:
    """Returns the options as words of a command line: `max_workers=2` → `--max-workers=2`; lists repeat the option.

    >>> _words({"alpha": 5, "tags": ["a", "b"], "quiet": True, "flag": False, "skipped": None, "config": {"a": 1}})
    ['--alpha=5', '--tag=a', '--tag=b', '--quiet', '--flag=False', '--config', 'a', '1']
    """
    words = []
    for key, value in options.items():
        name = f"--{_NAMES.get(key, key.rstrip('_')).replace('_', '-')}"
        if key in _FLAGS and isinstance(value, bool):
            words += [name] if value else []
            continue
        if key in _PAIRS and value:
            for config, other in _pairs(value):
                words += [name, str(config), json.dumps(other) if isinstance(other, (dict, list)) else str(other)]
            continue
        several = isinstance(value, (list, tuple)) and key in _REPEATED
        for item in value if several else [value]:
            if item is not None:  # lists and dicts are passed as JSON
                words.append(f"{name}={json.dumps(item) if isinstance(item, (dict, list, tuple)) else item}")
    return words


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    """Returns pairs of a config's name and its file or value, from a dict, from pairs, or from one pair."""
    if isinstance(value, dict):
        return list(value.items())
    return [tuple(value)] if len(value) == 2 and isinstance(value[0], str) else [tuple(pair) for pair in value]


def _stream(name: str) -> str:
    if name not in ("stdout", "stderr"):
        raise ValueError(f"the stream must be `stdout` or `stderr`, not {name!r}")
    return name
