"""The commands of the command line. Each is a module here, imported when it is called.

A command has:

    USAGE: tuple[str, ...]                      one line each, beginning with `flowc COMMAND`
    TEXT: str                                   what it does, for `--help`
    OPTIONS: tuple[Option, ...]                 every option it parses
    EXAMPLES: tuple[tuple[str, str], ...]       (command line, what it does)
    def run(argv, out) -> int                   does it; returns the exit code
    def sections(argv) -> Iterator[…]           optional: more options for `--help`, as (title, options)
"""

from __future__ import annotations

import sys

COMMANDS = {
    "init": "write the files of a new project",
    "compile": "write the specs that an orchestrator needs to run a flow",
    "check": "report every problem of a flow",
    "explain": "print what a diagnostic means",
    "plan": "show what `deploy` would do",
    "deploy": "deploy a flow to its orchestrator",
    "trigger": "start a run of a deployed flow",
    "status": "show how a run on an orchestrator goes",
    "terminate": "end a run on an orchestrator",
    "suspend": "hold back new tasks of a run",
    "unsuspend": "let a suspended run go on",
    "deployments": "list what is deployed",
    "history": "list the deployments of one name",
    "rollback": "deploy again what was deployed before",
    "delete": "remove a deployment",
    "doctor": "say what a place lacks for deploys and runs",
    "pause": "stop the schedule of a deployment",
    "unpause": "resume the schedule of a deployment",
    "diff": "compare two versions of a flow",
    "lock": "lock the packages of a flow's environments",
    "environment": "build the archives of locked environments",
    "image": "build and push images of locked environments",
    "show": "print a flow's graph",
    "run": "run a flow on this machine, or once on an orchestrator",
    "resume": "start a run that reuses what an earlier run has done",
    "runs": "list runs and their status",
    "logs": "print what the tasks of a run printed",
    "dump": "print the artifacts of a run",
    "card": "show the cards of a run",
    "report": "write a page about a run",
    "ui": "show runs in a browser, live",
    "tag": "add, remove and list tags of runs",
    "profile": "write what past runs of a flow cost",
    "estimate": "estimate what a run on an orchestrator will take",
    "gc": "delete old runs, and artifacts that no run uses",
    "validate": "check specs without an engine",
    "help": "print help on a command",
}


def module_of(command: str):  # type: ignore[no-untyped-def]
    """Imports and returns the module of the command."""
    name = f"{__name__}.{command}"
    __import__(name)
    return sys.modules[name]
