"""`parallel_map` and `parallel_imap_unordered`: a function over many arguments, each call in a process of its own.

A call is a fork, so the function may be anything, a closure too; what it returns must be picklable.
"""

from __future__ import annotations

import os
import pickle
import selectors
import sys
import traceback
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from ..exceptions import MulticoreException


def parallel_map(
    func: Callable[[Any], Any], iterable: Iterable[Any], max_parallel: Optional[int] = None, dir: Optional[str] = None
) -> List[Any]:
    """Returns the results in the order of the arguments. Raises MulticoreException if a call fails."""
    found = parallel_imap_unordered(
        lambda numbered: (numbered[0], func(numbered[1])), enumerate(iterable), max_parallel, dir
    )
    return [result for _, result in sorted(found, key=lambda each: each[0])]


def parallel_imap_unordered(
    func: Callable[[Any], Any], iterable: Iterable[Any], max_parallel: Optional[int] = None, dir: Optional[str] = None
) -> Iterator[Any]:
    """Yields the results as they come, at most `max_parallel` (default: the number of processors) at a time. `dir` has no effect here."""
    arguments = iter(iterable)
    limit = max_parallel or os.cpu_count() or 1
    running: Dict[int, Tuple[int, List[bytes]]] = {}  # the pipe's end → the process, and what it has said
    with selectors.DefaultSelector() as selector:
        exhausted = False
        while True:
            while not exhausted and len(running) < limit:
                try:
                    argument = next(arguments)
                except StopIteration:
                    exhausted = True
                    break
                pid, reading = _start(func, argument)
                running[reading] = (pid, [])
                selector.register(reading, selectors.EVENT_READ)
            if not running:
                return
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 20)
                if data:
                    running[key.fd][1].append(data)
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
                pid, parts = running.pop(key.fd)
                if os.waitpid(pid, 0)[1]:
                    raise MulticoreException("Child failed")
                yield pickle.loads(b"".join(parts))


def _start(func: Callable[[Any], Any], argument: Any) -> Tuple[int, int]:
    """Returns the process that calls the function, and the end of the pipe that its result comes through."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as file:
            pickle.dump(func(argument), file, protocol=pickle.HIGHEST_PROTOCOL)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
