"""`make try ENGINE=argo|step-functions|airflow FLOW=path/to/flow.py ARGS='--alpha 0.5'`: any flow, compiled and run on a real engine.

Prints what `flowc dump RUN --json` prints of the run, on standard output; everything else goes to standard error. Exits with 0 if the run
succeeded, 1 if it did not or the flow cannot be compiled, 2 for wrong usage.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flowc.compiler.pipeline import load

from tests.support.running import flowc

from .ahead import Engine
from .deploying import STORE, Given

USAGE = "usage: attempt argo|step-functions|airflow FLOW.py [--delivery inject|baked|process] [--PARAMETER VALUE]..."
DEFAULT = {"argo": "inject", "step-functions": "inject", "airflow": "process"}  # delivery


@contextmanager
def started(name: str, delivery: str) -> Iterator[Engine]:
    """The engine, with nothing else on it."""
    from tests.support.s3_server import s3_server

    with contextlib.ExitStack() as stack:
        if name == "step-functions":
            from .step_functions import step_functions

            yield stack.enter_context(step_functions())
            return
        if name == "airflow":
            from .airflow import Airflow

            airflow = stack.enter_context(
                Airflow(os.environ["FLOWC_AIRFLOW_PYTHON"], Path(stack.enter_context(TemporaryDirectory())))
            )
        if delivery == "process":
            from .airflow_tasks import Processes

            yield Processes(airflow, stack.enter_context(s3_server()))
            return
        from .airflow_tasks import Pods
        from .argo import Argo, Images
        from .kubernetes.node import ADDRESS, Node

        images = Images(stack.enter_context(Node()), stack.enter_context(s3_server(ADDRESS)))
        yield Argo(images) if name == "argo" else Pods(airflow, images)


def typed(flow: Path, words: dict[str, str]) -> Given:
    """The values in the types of their parameters. Raises ValueError for one that is none."""
    kinds = {parameter.name: parameter.type for parameter in load(str(flow)).flow.parameters}
    unknown = sorted(set(words) - set(kinds))
    if unknown:
        raise ValueError(f"the flow has no parameter {unknown[0]!r}; it has {', '.join(kinds) or 'none'}")
    return {
        name: value if kinds[name] == "str" else json.loads(value.lower() if kinds[name] == "bool" else value)
        for name, value in words.items()
    }


def main(arguments: list[str], start: Callable[[str, str], AbstractContextManager[Engine]] = started) -> int:
    if (
        len(arguments) < 2
        or arguments[0] not in DEFAULT
        or len(arguments) % 2
        or not all(argument.startswith("--") for argument in arguments[2::2])
    ):
        print(USAGE, file=sys.stderr)
        return 2
    name, flow, words = arguments[0], Path(arguments[1]), arguments[2:]
    texts = {word.removeprefix("--"): value for word, value in zip(words[::2], words[1::2])}
    delivery = texts.pop("delivery", DEFAULT[name])
    if delivery not in ("inject", "baked", *(["process"] if name == "airflow" else [])):
        print(USAGE, file=sys.stderr)
        return 2
    checked = flowc("check", str(flow), "-t", name, "--store", STORE)
    if checked.returncode:
        print(checked.stderr, file=sys.stderr)
        return 1
    try:
        values = typed(flow, texts)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    with contextlib.redirect_stdout(sys.stderr), start(name, delivery) as engine:
        outcome, dump = engine.leaves(flow, delivery, values)
    if not outcome.succeeded:
        print(outcome.detail, file=sys.stderr)
    print(json.dumps(dump, indent=2, sort_keys=True, ensure_ascii=False))
    return 0 if outcome.succeeded else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
