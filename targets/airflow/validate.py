"""Finds the problems that Airflow would find in a DAG file, without Airflow and without running the file.

The file is parsed, never imported. The rules: names are defined before they are used; imports exist where Airflow is
installed; ids are valid and unique; trigger rules, retries, cron expressions and Jinja tags are valid; tasks do not
wait for each other in a cycle; Kubernetes accepts the pods (`rules/pod_arguments.py`). Sources: Airflow's
documentation, "Trigger Rules", "Templates reference", `airflow.utils.helpers.validate_key`.
"""

from __future__ import annotations

import ast
import builtins
import re

from flowc.targets.shared.cycles import cycle
from flowc.targets.target import Finding

from .rules.pod_arguments import pod_rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Problem: TypeAlias = tuple[int, str]

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,250}")
_RULES = (
    "all_success", "all_failed", "all_done", "all_done_setup_success", "all_skipped", "one_success", "one_failed",
    "one_done", "none_failed", "none_skipped", "none_failed_min_one_success", "always", "all_done_min_one_success",
)  # fmt: skip
_OUTSIDE = ("airflow", "pendulum", "kubernetes")  # installed wherever Airflow is


def recognises(name: str, text: str) -> bool:
    """Returns True for a Python file that makes a DAG."""
    return name.endswith(".py") and "airflow" in text and re.search(r"\bDAG\(|@dag\b", text) is not None


def validate(name: str, text: str) -> Iterator[Finding]:
    """Yields every problem of the file."""
    try:
        tree = ast.parse(text, name)
    except (SyntaxError, ValueError, RecursionError) as error:
        yield Finding(
            name, f"line {getattr(error, 'lineno', None) or 1}", f"this is not Python: {getattr(error, 'msg', error)}"
        )
        return
    for line, message in sorted(_problems(tree)):
        yield Finding(name, f"line {line}", message)


def _problems(tree: ast.Module) -> Iterator[Problem]:
    yield from _names(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    dags = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "DAG"]
    if not dags and not any(isinstance(node, ast.FunctionDef) and node.decorator_list for node in ast.walk(tree)):
        yield 1, "the file makes no DAG"
    for node in dags:
        yield from _dag(node)
    for node in calls:
        yield from _task(node)
    yield from _jinja(tree)
    yield from pod_rules(tree)
    for block in ast.walk(tree):
        if isinstance(block, ast.With) and any(_is_dag(item.context_expr) for item in block.items):
            yield from _ids(block)
            yield from _cycles(block)


def _is_dag(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "DAG"


def _import(statement: ast.Import | ast.ImportFrom) -> Iterator[Problem]:
    """Checks an import at the top of the file. One inside a function matters only when that function is called."""
    import sys

    if isinstance(statement, ast.ImportFrom) and statement.level:
        yield statement.lineno, "a DAG file cannot use relative imports: Airflow reads it alone"
        return
    for module in (
        [statement.module or ""] if isinstance(statement, ast.ImportFrom) else [alias.name for alias in statement.names]
    ):
        root = module.partition(".")[0]
        if root not in _OUTSIDE and root not in sys.stdlib_module_names:
            yield statement.lineno, f"module `{root}` may be missing where Airflow reads the file"


def _names(tree: ast.Module) -> Iterator[Problem]:
    """Checks imports, and finds top-level names that are used before their definition, also in `with` blocks."""
    defined = set(dir(builtins)) | {"__file__", "__name__", "__doc__"}
    for statement in tree.body:
        yield from _statement(statement, defined)


def _statement(statement: ast.stmt, defined: set[str]) -> Iterator[Problem]:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from _import(statement)
        defined.update((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for decorator in statement.decorator_list:
            yield from _used(decorator, defined)
        defined.add(statement.name)
    elif isinstance(statement, ast.With):
        for item in statement.items:
            yield from _used(item.context_expr, defined)
            if item.optional_vars is not None:
                defined.update(_stored(item.optional_vars))
        yield from _several(statement.body, defined)
    elif isinstance(statement, (ast.For, ast.While, ast.If)):
        yield from _used(statement.iter if isinstance(statement, ast.For) else statement.test, defined)
        if isinstance(statement, ast.For):
            defined.update(_stored(statement.target))
        yield from _several([*statement.body, *statement.orelse], defined)
    elif isinstance(statement, ast.Try):
        handlers = [inner for handler in statement.handlers for inner in handler.body]
        defined.update(handler.name for handler in statement.handlers if handler.name)
        yield from _several([*statement.body, *handlers, *statement.orelse, *statement.finalbody], defined)
    else:
        yield from _used(statement, defined)
        defined.update(_stored(statement))


def _several(statements: list[ast.stmt], defined: set[str]) -> Iterator[Problem]:
    for statement in statements:
        yield from _statement(statement, defined)


def _used(node: ast.AST, defined: set[str]) -> Iterator[Problem]:
    inside: set[str] = set()
    for child in ast.walk(node):
        if isinstance(child, ast.comprehension):
            inside |= _stored(child.target)
        elif isinstance(child, ast.Lambda):
            inside |= {argument.arg for argument in ast.walk(child.args) if isinstance(argument, ast.arg)}
        elif isinstance(child, ast.NamedExpr):
            inside |= _stored(child.target)
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load) and child.id not in defined | inside:
            yield child.lineno, f"the name `{child.id}` is not defined here"


def _stored(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}


def _dag(call: ast.Call) -> Iterator[Problem]:
    from flowc.compiler.rules.cron import BadCron, parse

    arguments = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    identifier = arguments.get("dag_id", call.args[0] if call.args else None)
    if identifier is None:
        yield call.lineno, "the DAG has no id"
    elif isinstance(identifier, ast.Constant) and not (
        isinstance(identifier.value, str) and _KEY.fullmatch(identifier.value)
    ):
        yield identifier.lineno, f"{identifier.value!r} is not a valid DAG id"
    schedule = arguments.get("schedule")
    if isinstance(schedule, ast.Constant) and isinstance(schedule.value, str) and not schedule.value.startswith("@"):
        try:
            parse(schedule.value)
        except BadCron as error:
            yield schedule.lineno, f"{schedule.value!r} is not a valid cron expression: {error}"
    if isinstance(schedule, ast.Constant) and schedule.value is not None and "start_date" not in arguments:
        yield call.lineno, "a DAG with a schedule needs a start_date"


def _task(call: ast.Call) -> Iterator[Problem]:
    for keyword in call.keywords:
        value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg == "task_id" and value is not None and not (isinstance(value, str) and _KEY.fullmatch(value)):
            yield keyword.value.lineno, f"{value!r} is not a valid task id"
        elif keyword.arg == "trigger_rule" and value is not None and value not in _RULES:
            yield keyword.value.lineno, f"{value!r} is not a trigger rule"
        elif keyword.arg == "retries" and value is not None and not (isinstance(value, int) and value >= 0):
            yield keyword.value.lineno, f"retries must be a whole number of at least 0, not {value!r}"


def _ids(block: ast.With) -> Iterator[Problem]:
    """Yields task ids that occur twice in the DAG of a `with` block.

    Task groups and functions are skipped: Airflow puts a prefix before the ids in them.
    """
    seen: dict[str, int] = {}
    waiting: list[ast.AST] = list(reversed(block.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.With, ast.For, ast.While, ast.If, ast.FunctionDef)):
            continue
        if (
            isinstance(node, ast.keyword)
            and node.arg == "task_id"
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            name, line = node.value.value, node.value.lineno
            if name in seen:
                yield line, f"the task id {name!r} is used twice, first in line {seen[name]}"
            seen.setdefault(name, line)
        waiting += reversed(list(ast.iter_child_nodes(node)))


def _jinja(tree: ast.Module) -> Iterator[Problem]:
    """Yields texts that Airflow cannot render, because a tag is not closed. It does not render descriptions."""
    plain = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in ("doc_md", "description", "dag_id")
    }
    plain |= {
        id(inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Param"
        for inside in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain:
            for opening, closing in (("{{", "}}"), ("{%", "%}")):
                if node.value.count(opening) != node.value.count(closing):
                    yield node.lineno, f"Airflow cannot render {node.value[:60]!r}: `{opening}` is not closed"


def _cycles(block: ast.With) -> Iterator[Problem]:
    """Yields variables of tasks that come before themselves, by `>>` or by their arguments.

    Variables that are set more than once are skipped.
    """
    before: dict[str, set[str]] = {}
    lines: dict[str, int] = {}
    assigned = [node.id for node in ast.walk(block) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    once = {name for name in assigned if assigned.count(name) == 1}
    for node in block.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.RShift):
            chain = _chain(node.value)
            for first, second in zip(chain, chain[1:]):
                for target in _named(second) & once:
                    before.setdefault(target, set()).update(_named(first) & once)
                    lines.setdefault(target, node.lineno)
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
        ):
            before.setdefault(node.targets[0].id, set()).update(_loaded(node.value) & once)
    cyclic = cycle({name: earlier for name, earlier in before.items() if name in once})
    if cyclic:
        yield min(lines.get(name, 1) for name in cyclic), f"the tasks {', '.join(cyclic)} wait for each other"


def _chain(node: ast.expr) -> list[ast.expr]:
    """Returns the operands of `a >> b >> c`, in order."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
        return [*_chain(node.left), node.right]
    return [node]


def _named(operand: ast.expr) -> set[str]:
    """Returns the variables in an operand of `>>`, which is a name or a list of names."""
    operands = operand.elts if isinstance(operand, (ast.List, ast.Tuple)) else [operand]
    return {node.id for node in operands if isinstance(node, ast.Name)}


def _loaded(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
