"""`parallel_map` and `parallel_imap_unordered`: call a function with many arguments, each call in its own process.

Each call is a fork, so the function may be anything, even a closure. Its result must be picklable.
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
    numbered_results = parallel_imap_unordered(
        lambda numbered: (numbered[0], func(numbered[1])), enumerate(iterable), max_parallel, dir
    )
    return [result for _, result in sorted(numbered_results, key=lambda pair: pair[0])]


def parallel_imap_unordered(
    func: Callable[[Any], Any], iterable: Iterable[Any], max_parallel: Optional[int] = None, dir: Optional[str] = None
) -> Iterator[Any]:
    """Yields the results as they arrive.

    At most `max_parallel` calls (default: the number of processors) run at a time. `dir` has no effect.
    """
    arguments = iter(iterable)
    limit = max_parallel or os.cpu_count() or 1
    # reading end of the pipe → the process, and the data received so far
    running: Dict[int, Tuple[int, List[bytes]]] = {}
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
    """Starts a process that calls the function.

    Returns its id, and the end of the pipe that its result comes through.
    """
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
