"""Cards of custom types: the class runs in a forked child with a time limit, so that it cannot affect the task."""

from __future__ import annotations

import os

from ..task.capture import flush
from .exceptions import IncorrectCardArgsException, UnrenderableCardException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from .current_card import CardSpec

RENDER, RUNTIME, REFRESH = "render", "render_runtime", "refresh"
GRACE = 10.0  # seconds that a class has beyond its time limit before its process is ended


class Failed(Exception):
    """A failure to render a card; the text is the reason."""


def run(
    spec: CardSpec,
    mode: str,
    task: Callable[[], Any],
    components: List[Any],
    data: Dict[str, Any],
    graph: Any,
    flow: Any,
) -> Any:
    """Calls the card's class for one mode, and returns HTML or JSON values; None if the class lacks the mode.

    Raises Failed. Runs in the child process: it may take any time, and may end the process.
    """
    try:
        card = _constructed(spec, components, graph, flow)
    except TypeError:
        raise Failed(str(IncorrectCardArgsException(spec.type, spec.options))) from None
    except Exception:
        raise Failed(str(UnrenderableCardException(spec.type, spec.options))) from None
    try:
        card.runtime_data = data
        object = task()
        if mode == RENDER:
            output = card.render(object)
        else:
            output = card.render_runtime(object, data) if mode == RUNTIME else card.refresh(object, data)
    except NotImplementedError:
        if mode == REFRESH:
            return None
        raise Failed(str(UnrenderableCardException(spec.type, spec.options))) from None
    except Exception:
        raise Failed(str(UnrenderableCardException(spec.type, spec.options))) from None
    if mode == REFRESH:
        return {"token": _token(card, object, data), "data": output}
    if not isinstance(output, str):
        raise Failed(f"Card of type {spec.type} has rendered to {type(output).__name__}, and not to a text with HTML.")
    return output.replace(card.RELOAD_POLICY_TOKEN, _token(card, object, data)) if card.RUNTIME_UPDATABLE else output


def _constructed(spec: CardSpec, components: List[Any], graph: Any, flow: Any) -> Any:
    import inspect

    assert spec.card_class is not None
    words: Dict[str, Any] = {"components": components, "graph": graph["steps"], "flow": flow}
    if "graph_info" in inspect.signature(spec.card_class.__init__).parameters:
        words["graph_info"] = graph
    if spec.options:
        words["options"] = spec.options
    return spec.card_class(**words)


def _token(card: Any, task: Any, data: Dict[str, Any]) -> str:
    if data["render_seq"] == "final":
        return "final"
    if card.RELOAD_POLICY == card.RELOAD_POLICY_ALWAYS:
        return f"render-seq-{data['render_seq']}"
    return "never" if card.RELOAD_POLICY == card.RELOAD_POLICY_NEVER else str(card.reload_content_token(task, data))


class TimeIsUp(BaseException):
    """The end of a card's time limit. Not an Exception, so that classes of cards do not catch it."""


class Child:
    """A process that runs a function and sends back the result."""

    def __init__(self, work: Callable[[], Any], seconds: Optional[float]) -> None:
        import time
        import warnings

        self._until = None if seconds is None or seconds <= 0 else time.monotonic() + seconds + GRACE
        self._reading, writing = os.pipe()
        flush()
        with warnings.catch_warnings():
            # Python warns about forking with threads; ours only forward printed text.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if not self.pid:
            os.close(self._reading)
            _child(work, writing, seconds)
        os.close(writing)

    def kill(self) -> None:
        """Kills the process and its children."""
        import signal

        for kill in (os.killpg, os.kill):
            try:
                kill(self.pid, signal.SIGKILL)
            except OSError:
                pass

    def result(self) -> Tuple[str, Any]:
        """Waits for the process, and kills it when its time is up. Returns (`ok`, result) or (`failed`, reason)."""
        import select
        import time

        parts: List[bytes] = []
        status: Optional[int] = None
        late = False
        while not late:
            is_ready = bool(select.select([self._reading], [], [], 0.0 if status is not None else 0.1)[0])
            if is_ready:
                part = os.read(self._reading, 1 << 20)
                if not part:
                    break
                parts.append(part)
            elif status is not None:
                break  # its children may still hold the pipe
            else:
                pid, code = os.waitpid(self.pid, os.WNOHANG)
                status = code if pid else None
            late = self._until is not None and time.monotonic() >= self._until
        if late or status is None:
            if late:
                self.kill()
            _, status = os.waitpid(self.pid, 0) if status is None else (0, status)
        self.kill()
        os.close(self._reading)
        from ..fast_start import json_text

        if late:
            return "failed", "The time to render this card is up; its process did not end by itself."
        try:
            kind, value = json_text.loads(b"".join(parts).decode("utf-8", "surrogatepass"))
            return str(kind), value
        except ValueError:
            return (
                "failed",
                f"The process that rendered this card has ended with exit code {os.waitstatus_to_exitcode(status)}.",
            )


def _child(work: Callable[[], Any], writing: int, seconds: Optional[float]) -> None:
    """Runs in the child, and exits."""
    try:
        os.setpgid(0, 0)
        os.dup2(2, 1)  # keeps a card's output out of the task's standard output
        message = outcome(work, seconds)
        flush()
        with open(writing, "wb") as file:
            file.write(message)
    finally:
        os._exit(0)


def outcome(work: Callable[[], Any], seconds: Optional[float]) -> bytes:
    """Runs the function; returns its result, or the reason of its failure, as JSON."""
    from ..fast_start import json_text
    from .stored import finite, most_html

    try:
        with TimeLimit(seconds):
            message = json_text.dumps(["ok", finite(work())]).encode("utf-8", "surrogatepass")
        if len(message) <= most_html():
            return message
        why = (
            f"The card takes {len(message)} bytes, and at most {most_html()} are stored; FLOWC_CARD_LIMIT, of which "
            "this is ten times, is the number of bytes that cards without HTML may take."
        )
    except Failed as error:
        why = str(error)
    except BaseException:
        import traceback

        why = traceback.format_exc()
    return json_text.dumps(["failed", why]).encode("utf-8", "surrogatepass")


class TimeLimit:
    """A context that raises TimeIsUp after the given seconds, in the main thread only."""

    def __init__(self, seconds: Optional[float]) -> None:
        self.seconds = seconds or 0

    def __enter__(self) -> None:
        import signal
        import threading

        self.is_set = self.seconds > 0 and threading.current_thread() is threading.main_thread()
        if self.is_set:
            self._before = signal.signal(signal.SIGALRM, self._ring)
            self._timer = signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        if self.is_set:
            import signal

            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, _number: int, _frame: Any) -> None:
        raise TimeIsUp(f"the card was not rendered within {self.seconds} seconds")
