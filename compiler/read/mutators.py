"""Mutators: the user's classes that change a flow when it is loaded.

flowc finds them by reading, and refuses them by name unless it may run them. Then a process of its own
(`runtime_shim/user_code/mutate.py`) imports the flow, runs them, and reports the changed flow as data, which is merged into what was read.
"""

from __future__ import annotations

import os
import sys

from ..fast_start.record import replace
from ..fold.budget import Unfoldable
from ..ir import nodes
from ..report.diagnostics import HINT, WARNING, Diagnostic
from .arguments import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..ir.nodes import Span
    from ..names.resolver import World
    from ..options.compile_inputs import Given
    from ..source.modules import Module
    from .reading import Reading

SECONDS = 60.0  # until the process must have answered
KEPT_VARIABLES = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LD_LIBRARY_PATH")  # what a Python needs to be the same Python
ATTACHED = "with"  # the kind of input that says which decorators of `--with` the mutators have seen


class Failed(Exception):
    """The process did not do what it was asked for; `args[0]` says why."""


def kind_of(world: World, qualified: str, seen: frozenset[str] = frozenset()) -> str:
    """What a class of the flow's own modules is: "flow" or "step" for a mutator of one, "" for anything else."""
    if qualified in ("metaflow.FlowMutator", "metaflow.StepMutator"):
        return "flow" if qualified.endswith("FlowMutator") else "step"
    found = world.split(qualified)
    if found is None or qualified in seen or found[1] not in found[0].classes:
        return ""
    from ..source.modules import Class, base_names

    owner = Class(found[0], found[0].classes[found[1]][-1])
    return next((kind for name, _ in base_names(owner) if (kind := kind_of(world, world.qualify(owner.module, name), seen | {qualified}))), "")


def stored(world: World, qualified: str) -> str:
    """What is called where the name is given its value: of `a = AddEnv("x")` the class, with which `@a` decorates. Else the name itself."""
    found = world.split(qualified)
    values = found[0].assigned.get(found[1], []) if found is not None else []
    function = values[0].field("function") if len(values) == 1 and values[0].kind() == "call" else None
    return world.qualify(found[0], function.text()) if found is not None and function is not None else qualified


def refusal(name: str, kind: str, owner: str, place: Span) -> Diagnostic:
    """FLOW140: a mutator, of the flow or of step `owner`, that may not run."""
    what = f"`@{name}` is a mutator of {'the flow' if kind == 'flow' else f'step `{owner}`'}: code of your own that changes it when it is loaded"
    how = "let mutators run when compiling, in a process of their own without network, with `--run-mutators`"
    return Diagnostic("FLOW140", what, place, "flowc reads a flow without running its code", how)


# Decorators that packages bring for Metaflow's flows and steps, and that only look on (their documentation).
_LOOKING_ON = {"wandb": ("wandb_log",), "comet_ml": ("comet_flow", "comet_skip")}


def is_unread(world: World, module: Module, qualified: str) -> bool:
    """True for a name that the module imports from where flowc does not read: neither the flow's folder nor Python's own library."""
    top = qualified.partition(".")[0]
    if qualified.rpartition(".")[2] in _LOOKING_ON.get(top, ()):
        return False
    return "." in qualified and world.split(qualified) is None and top in _imported(module) and top not in sys.stdlib_module_names


def _imported(module: Module) -> set[str]:
    return {each.partition(".")[0] for each in module.imports.values()}


def maybe(qualified: str, owner: str, place: Span) -> Diagnostic:
    """FLOW143: what may be a mutator, of the flow or of step `owner`, and is not run. Above a step it mostly is an ordinary decorator."""
    home, _, name = qualified.rpartition(".")
    what = f"`@{name}` is from `{home}`, which flowc does not read: if it is a mutator, what it changes is missing"
    why = "only modules in the flow's folder are read, and a mutator is code that changes the flow when it is loaded"
    how = "if it is one, let it run when compiling, with `--run-mutators`; else say so with `# flowc: ignore[FLOW143]`"
    return Diagnostic("FLOW143", what, place, why, how, HINT if owner else WARNING)


def mutated(
    world: World, reading: Reading, names: list[tuple[str, Span]], unread: list[tuple[str, Span]], given: Given,
    attach: Sequence[str], problems: list[Diagnostic],
) -> Reading:  # fmt: skip
    """Returns the reading as the flow's mutators change it. `names` are their classes, with their places; `unread` are what may be some, too.
    They see the decorators that `attach` puts on every step (with_decorators.py), and what they leave of them counts.

    Adds FLOW141 and FLOW142.
    """
    known = _known()
    place = (names or unread)[0][1]
    try:
        answer = ask(world, reading.flow, {"do": "mutate", "decorators": known, "attach": list(attach)}, given)
        there = {each.rpartition(".")[2] for each in answer["mutators"]}
        names = names + [(name, each) for name, each in unread if name.rpartition(".")[2] in there]
        if not there:
            return reading
        merged = _merged(reading, answer, names, known, problems)
        attached = [nodes.Input(ATTACHED, text, "", "") for text in attach]
        return replace(merged, flow=replace(merged.flow, inputs=(*merged.flow.inputs, *attached, *_added(world, answer["files"]))))
    except Failed as error:
        listed = ", ".join(f"`@{name.rpartition('.')[2]}`" for name in dict.fromkeys(name for name, _ in names or unread))
        why = "they must run to know what the flow is"
        problems.append(
            Diagnostic("FLOW141", f"the mutators of the flow ({listed}) failed: {error}", place, why, "correct them; what they printed is above")
        )
        return reading


def evaluate(world: World, flow: nodes.Flow, config: str, what: str, text: str | None, given: Given) -> Any:
    """Returns what the parser of a config gives for the text, or its callable default. Raises Unfoldable."""
    import ast

    try:
        answer = ask(world, flow, {"do": "evaluate", "config": config, "what": what, "text": text, "decorators": {}}, given)
    except Failed as error:
        raise Unfoldable(f"its {what} failed: {error}") from None
    return ast.literal_eval(answer["literal"])


def _known() -> dict[str, nodes.Value]:
    """Every decorator, as `Flow.decorators_known` has it."""
    from ..decorators.decorator import names, specification

    found = [each for name in names() if (each := specification(name)) is not None]
    return {each.name: {"level": each.level, "attributes": dict(each.attributes)} for each in found}


def ask(world: World, flow: nodes.Flow, request: dict[str, Any], given: Given) -> Any:
    """Sends the request to a new process, and returns its answer. Raises Failed."""
    import json
    import select
    import signal
    import subprocess
    import time

    from ..ir.json_form import plain_record

    reader, writer = os.pipe()
    configs = {"configs": [plain_record(each) for each in flow.configs]}
    data = {**request, "folder": os.path.abspath(world.folder), "file": flow.file, "class": flow.name, "flow": configs, "answer": writer,
            "alone": not given.whole_environment}  # fmt: skip
    environment = dict(os.environ) if given.whole_environment else {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment.update({"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", **dict(given.variables)})
    sys.stdout.flush()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowc.runtime_shim.user_code.mutate"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=(writer,),
            env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        os.close(reader)
        os.close(writer)
        raise Failed(f"no process could be started for them: {error}") from None
    os.close(writer)
    deadline = time.monotonic() + SECONDS
    answer = b""
    try:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(data).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        while True:
            if not select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise Failed(f"they took more than {SECONDS:.0f} seconds")
            part = os.read(reader, 1 << 16)
            if not part:
                break
            answer += part
            if len(answer) > 1 << 26:
                raise Failed("their answer is too large")
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise Failed(f"they took more than {SECONDS:.0f} seconds") from None
    finally:
        os.close(reader)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    try:
        found = json.loads(answer)
    except ValueError:
        raise Failed(f"their process ended without an answer, with status {process.returncode}") from None
    if "error" in found:
        raise Failed(str(found["error"]))
    return found


def _added(world: World, files: dict[str, str]) -> list[nodes.Input]:
    """Puts the files that mutators add into the code package; returns them as what the compile was made from. Raises Failed."""
    from ..package.archive import Unfit, add

    try:
        return add(world, dict(sorted(files.items())))
    except Unfit as unfit:
        raise Failed(f"the file `{unfit.name}` that they add to the code package {unfit}") from None


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _merged(reading: Reading, answer: Any, names: list[tuple[str, Span]], known: dict[str, nodes.Value], problems: list[Diagnostic]) -> Reading:
    flow, place = reading.flow, names[0][1]
    steps = []
    for step in flow.steps:
        reported = answer["steps"].get(step.name)
        if reported is not None:
            added, kept = _decorators(reported["decorators"], step.decorators, place, problems)
            step = replace(step, decorators=(*reversed(added), *kept))
        steps.append(step)
    added, kept = _decorators(answer["flow"], flow.decorators, place, problems)
    parameters = _parameters(answer["parameters"], flow, place, problems)
    classes = tuple(dict.fromkeys(name for name, _ in names))
    changed = replace(
        flow, steps=tuple(steps), decorators=(*kept, *added), parameters=parameters, mutators=classes, decorators_known=known,
        inputs=(*flow.inputs, *(nodes.Input("mutator", name, "", "") for name in classes)),
    )  # fmt: skip
    from .flow import caught

    assigned = reading.assigned | {each.attribute for each in parameters} | caught(steps)
    wrapped = any(each["wrappers"] for each in answer["steps"].values())
    return replace(reading, flow=changed, assigned=assigned, may_assign_anything=reading.may_assign_anything or wrapped)


def _decorators(
    reported: list[Any], read: tuple[nodes.Decorator, ...], place: Span, problems: list[Diagnostic]
) -> tuple[list[nodes.Decorator], list[nodes.Decorator]]:
    """The decorators that mutators added or changed, in the order in which they did, and those of the source that are left."""
    added, kept = [], []
    for each in reported:
        if each["place"] >= 0:
            if each["place"] < len(read):  # else it is one of those that were wrong, which has been said
                kept.append((each["place"], read[each["place"]]))
            continue
        try:
            attributes = plain(each["attributes"])
        except Unfoldable as error:
            what = f"a mutator gives `@{each['name']}` a value that no spec can hold"
            problems.append(Diagnostic("FLOW142", what, place, str(error.args[0]), "give it another value"))
            continue
        assert isinstance(attributes, dict)
        own = next((one.span for one in read if one.name == each["name"]), place)
        added.append(nodes.Decorator(each["name"], attributes, own))
    return added, [one for _, one in sorted(kept, key=lambda pair: pair[0])]


def _parameters(reported: list[Any], flow: nodes.Flow, place: Span, problems: list[Diagnostic]) -> tuple[nodes.Parameter, ...]:
    known = {each.attribute: each for each in flow.parameters}
    kept = {each["attribute"] for each in reported if each["kept"]}
    added = [_parameter(each, place) for each in reported if not each["kept"]]
    for wrong in [each for each in added if isinstance(each, str)]:
        problems.append(Diagnostic("FLOW142", f"a mutator adds a parameter that cannot be: {wrong}", place, "no run could be given it", "correct it"))
    return (*(each for name, each in known.items() if name in kept), *(each for each in added if isinstance(each, nodes.Parameter)))


def _parameter(reported: Any, place: Span) -> nodes.Parameter | str:
    """The parameter, or why it cannot be."""
    from .parameters import parameter_of

    return parameter_of(reported["attribute"], reported["name"], reported["options"], place)
