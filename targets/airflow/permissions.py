"""What this identity may do on an Airflow server, found without doing it.

Airflow has no question for that. It checks who asks before it looks at what the request holds, so a request with
content that cannot be valid is answered with 403 if it is not allowed, and else with 400 or 422. Such a request changes
nothing.
"""

from __future__ import annotations

from flowc.targets.operating import EngineError

from .server import Conflict, Forbidden, Invalid, Missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .server import Server

WRITE = ("deploy", "delete")  # the commands that write to the folder of DAG files
_NOBODY = "flowc-asks-what-it-may-do"  # the name of no DAG and no run
_READ = (("read DAGs", "GET", "/dags?limit=1"),)
_SOURCE = (("read the code of DAGs", "GET", f"/dagSources/{_NOBODY}"),)
_ERRORS = (("read import errors", "GET", "/importErrors?limit=1"),)
_RUNS = (
    ("read DAG runs", "GET", f"/dags/{_NOBODY}/dagRuns/{_NOBODY}"),
    ("read task instances", "GET", f"/dags/{_NOBODY}/dagRuns/{_NOBODY}/taskInstances"),
)
_LOGS = (("read task logs", "GET", f"/dags/{_NOBODY}/dagRuns/{_NOBODY}/taskInstances/{_NOBODY}/logs/1"),)
_START = (("create DAG runs", "POST", f"/dags/{_NOBODY}/dagRuns"),)
_CHANGE = (("edit DAG runs", "PATCH", f"/dags/{_NOBODY}/dagRuns/{_NOBODY}"),)
_PAUSE = (("edit DAGs", "PATCH", f"/dags/{_NOBODY}"),)
NEEDS = {
    "plan": (*_READ, *_SOURCE, *_RUNS),
    "deploy": (*_READ, *_SOURCE, *_ERRORS, *_RUNS),
    "delete": (*_READ, *_SOURCE, *_RUNS, *_PAUSE),
    "pause": (*_READ, *_SOURCE, *_PAUSE),
    "trigger": (*_READ, *_SOURCE, *_RUNS, *_START),
    "status": (*_READ, *_SOURCE, *_RUNS),
    "logs": (*_READ, *_SOURCE, *_RUNS, *_LOGS),
    "terminate": (*_READ, *_SOURCE, *_RUNS, *_CHANGE),
}


def missing(server: Server, verbs: Sequence[str]) -> tuple[str, ...]:
    """Returns the permissions that the commands need and the caller lacks.

    Raises EngineError if the server does not answer, or allows nothing at all.
    """
    refused = []
    needs = tuple(dict.fromkeys(need for verb in verbs for need in NEEDS[verb]))
    for what, method, path in needs:
        try:
            server.call(method, path, {"state": 1, "is_paused": "no"} if method in ("POST", "PATCH") else None)
        except Forbidden as error:
            refused.append(what)
            if len(refused) == len(needs):
                raise EngineError(f"{server.url} allows {server.user() or 'you'} nothing", error.hint) from None
        except (Missing, Invalid, Conflict):
            continue
    return tuple(refused)
