"""A DAG file that `emit` wrote: the mark of a deployment on it, and what it says, read without running it.

Airflow keeps nothing that flowc could write a mark on, except for the file. So a deploy adds to the emitted text

- a comment in its second line, with the URL of the deployment's records;
- a tag with a digest of the text, by which the server tells which version of the file it has parsed;
- whether the DAG is paused when the server meets it for the first time.
"""

from __future__ import annotations

import ast
import json

from flowc.compiler.fast_start.record import record
from flowc.targets.operating import EngineError, Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MARK = "# Deployed by flowc: "
TAG = "flowc:"
_TAGS = '    tags=["flowc"],\n) as dag:\n'  # of the template; a text of the flow's has no line break


@record
class Task:
    """A task of the DAG that runs a step."""

    step: str
    paths: str  # the id of the task that lists the paths, or "" for a step with one task
    retries: int = 0


@record
class DagFile:
    """What a DAG file says."""

    name: str  # the DAG's id
    flow: str = ""
    code: str = ""
    store: str = ""
    installation: str = ""  # the end of its runs' ids, where it is in the file
    records: str = ""  # the mark
    tag: str = ""  # that a deploy gave it
    paused: bool = False  # when the server meets it for the first time
    schedule: str = ""
    parameters: tuple[Parameter, ...] = ()
    texts: tuple[str, ...] = ()  # the parameters whose values are texts
    timeout: float = 0.0  # seconds
    tasks: dict[str, Task] = {}


def marked(text: str, records: str, paused: bool) -> str:
    """Returns the emitted text as a deploy writes it. Raises EngineError for a text that `emit` has not written."""
    from flowc.runtime_shim.contract.digest import sha256

    first, _, rest = text.partition("\n")
    if not first.startswith("# Flow ") or rest.count(_TAGS) != 1:
        raise EngineError("the DAG file is not one that flowc has compiled", "compile the flow again, and deploy that")
    mark = f"{MARK}{json.dumps({'records': records})}\n"
    tag = TAG + str(sha256((records + text).encode()).hexdigest())[:16]
    own = f'    tags=["flowc", "{tag}"],\n    is_paused_upon_creation={paused},\n) as dag:\n'
    return f"{first}\n{mark}{rest.replace(_TAGS, own)}"


def parsed(text: str) -> DagFile | None:
    """Returns the file's content as a record, or None if flowc did not compile it."""
    tree = _tree(text)
    call = _dag(tree) if tree is not None else None
    if tree is None or call is None:
        return None
    settings = {keyword.arg or "**": keyword.value for keyword in call.keywords}
    name = _value(settings.get("dag_id"))
    environment = _environment(tree)
    if not isinstance(name, str) or "FLOWC_FLOW" not in environment:
        return None
    tags = _value(settings.get("tags"))
    parameters, texts = _parameters(settings.get("params"))
    run = str(environment.get("FLOWC_RUN", ""))
    installation = run.rpartition("@")[2] if "{{" not in run.rpartition("@")[2] else ""
    return DagFile(
        name, str(environment["FLOWC_FLOW"]), str(environment.get("FLOWC_CODE", "")),
        str(environment.get("FLOWC_STORE", "")), installation, _mark(text),
        next((tag for tag in tags if str(tag).startswith(TAG)), "") if isinstance(tags, list) else "",
        _value(settings.get("is_paused_upon_creation")) is True, _schedule(settings), parameters, texts,
        _seconds(settings.get("dagrun_timeout")), dict(_tasks(tree)),
    )  # fmt: skip


def _mark(text: str) -> str:
    line = text.split("\n", 2)[1] if text.count("\n") > 1 else ""
    try:
        return str(json.loads(line[len(MARK) :])["records"]) if line.startswith(MARK) else ""
    except (ValueError, KeyError, TypeError):
        return ""


def meaning(text: str) -> dict[str, Any]:
    """Returns the file's settings as data, so that two files can be compared by field; {} if it is not Python.

    The mark does not count, so that a file with one has the meaning of the emitted one.
    """
    tree = _tree(text)
    if tree is None:
        return {}
    said: dict[str, Any] = {"dag": {}, "environment": _environment(tree), "tasks": [], "order": [], "code": {}}
    call = _dag(tree)
    for keyword in call.keywords if call is not None else ():
        if keyword.arg != "is_paused_upon_creation":
            said["dag"][keyword.arg or "**"] = _value(keyword.value)
    if isinstance(said["dag"].get("tags"), list):
        said["dag"]["tags"] = [tag for tag in said["dag"]["tags"] if not str(tag).startswith(TAG)]
    for statement in tree.body:
        if isinstance(statement, ast.With):
            _body(statement, said)
        elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            said["code"][statement.name] = ast.unparse(statement)
        elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) != "ENVIRONMENT":
            said["code"][ast.unparse(statement.targets[0])] = _value(statement.value)
        elif not isinstance(statement, ast.Assign):
            said["code"].setdefault("imports", []).append(ast.unparse(statement))
    return said


def _body(block: ast.With, said: dict[str, Any]) -> None:
    for statement in block.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            arguments = _arguments(statement.value)
            name = arguments.pop("task_id", ast.unparse(statement.targets[0]))
            said["tasks"].append({"name": str(name), **arguments})
        else:
            said["order"].append(ast.unparse(statement))


def _arguments(call: ast.Call) -> dict[str, Any]:
    """Returns the arguments of a task; `partial(…).expand(…)` and `override(…)(…)` are read from the inside."""
    inner = call.func
    arguments: dict[str, Any] = {}
    while isinstance(inner, (ast.Attribute, ast.Call)):
        if isinstance(inner, ast.Call):
            arguments = {**_arguments(inner), **arguments}
            break
        inner = inner.value
    if isinstance(inner, ast.Name):
        arguments["operator"] = inner.id
    arguments.update({keyword.arg or "**": _value(keyword.value) for keyword in call.keywords})
    if call.args:
        arguments["of"] = [ast.unparse(argument) for argument in call.args]
    return arguments


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _dag(tree: ast.Module) -> ast.Call | None:
    for statement in tree.body:
        if isinstance(statement, ast.With):
            call = statement.items[0].context_expr
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "DAG":
                return call
    return None


def _environment(tree: ast.Module) -> dict[str, Any]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "ENVIRONMENT":
            value = _value(statement.value)
            return value if isinstance(value, dict) else {}
    return {}


def _value(node: ast.expr | None) -> Any:
    """Returns a literal as a value of JSON, and any other expression as text."""
    if node is None:
        return None
    if isinstance(node, (ast.List, ast.Tuple)) and not any(isinstance(item, ast.Starred) for item in node.elts):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return {str(key.value): _value(value) for key, value in zip(node.keys, node.values)}  # type: ignore[union-attr]
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.unparse(node)
    return value if value is None or isinstance(value, (str, int, float, bool)) else ast.unparse(node)


def _schedule(settings: dict[str, ast.expr]) -> str:
    schedule = _value(settings.get("schedule"))
    if not isinstance(schedule, str):
        return ""
    start = settings.get("start_date")
    zones = [keyword.value for keyword in start.keywords if keyword.arg == "tz"] if isinstance(start, ast.Call) else []
    zone = _value(zones[0]) if zones else "UTC"
    return schedule if zone == "UTC" else f"{schedule} {zone}"


def _seconds(node: ast.expr | None) -> float:
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            value = _value(keyword.value)
            if keyword.arg == "seconds" and isinstance(value, (int, float)):
                return float(value)
    return 0.0


def _parameters(node: ast.expr | None) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """Returns the parameters, and the names of those whose values are texts."""
    parameters, texts = [], []
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            if not isinstance(key, ast.Constant) or not isinstance(value, ast.Call):
                continue
            schema: Any = next((_value(keyword.value) for keyword in value.keywords if keyword.arg is None), None)
            schema = schema if isinstance(schema, dict) else {}
            choices = tuple(str(choice) for choice in schema.get("enum") or () if choice is not None)
            parameters.append(Parameter(str(key.value), not value.args, choices))
            kinds = schema.get("type")
            if "string" in (kinds if isinstance(kinds, list) else [kinds]):
                texts.append(str(key.value))
    return tuple(parameters), tuple(texts)


def _tasks(tree: ast.Module) -> Iterator[tuple[str, Task]]:
    """Yields the id of each task that runs a step, and which step, and where its paths are listed."""
    ids: dict[str, str] = {}  # variable → task id
    for block in tree.body:
        for statement in block.body if isinstance(block, ast.With) else ():
            if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
                continue
            arguments = _arguments(statement.value)
            name = arguments.get("task_id")
            if not isinstance(name, str):
                continue
            ids[ast.unparse(statement.targets[0])] = name
            found = _step(statement.value)
            if found is not None:
                step, variable = found
                retries = arguments.get("retries")
                yield name, Task(step, ids.get(variable, ""), retries if isinstance(retries, int) else 0)


def _step(call: ast.Call) -> tuple[str, str] | None:
    """Returns the step of `shim("STEP", …)` in a task's arguments, and the variable that its paths come from."""
    for node in ast.walk(call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "shim" and node.args:
            step = _value(node.args[0])
            paths = ""
            for mapped in ast.walk(call):
                if (
                    isinstance(mapped, ast.Call)
                    and isinstance(mapped.func, ast.Attribute)
                    and mapped.func.attr == "map"
                ):
                    paths = ast.unparse(mapped.func.value)
            return str(step), paths
    return None
