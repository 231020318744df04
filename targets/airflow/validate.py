"""Finds the problems that Airflow would find in a DAG file, without Airflow and without running the file.

The file is parsed, never imported. The rules: names are defined before they are used; imports exist where Airflow is
installed; ids are valid and unique; trigger rules, retries, cron expressions and Jinja tags are valid; tasks do not wait
for each other in a cycle; Kubernetes accepts the pods (`rules/pod_arguments.py`). Sources: Airflow's documentation,
"Trigger Rules", "Templates reference", `airflow.utils.helpers.validate_key`.
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
    "all_success", "all_failed", "all_done", "all_done_setup_success", "all_skipped", "one_success", "one_failed", "one_done", "none_failed",
    "none_skipped", "none_failed_min_one_success", "always", "all_done_min_one_success",
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
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    dags = [each for each in calls if isinstance(each.func, ast.Name) and each.func.id == "DAG"]
    if not dags and not any(isinstance(each, ast.FunctionDef) and each.decorator_list for each in ast.walk(tree)):
        yield 1, "the file makes no DAG"
    for each in dags:
        yield from _dag(each)
    for each in calls:
        yield from _task(each)
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
    """Checks imports, and finds names that are used at the top level, `with` blocks included, before they are defined."""
    known = set(dir(builtins)) | {"__file__", "__name__", "__doc__"}
    for statement in tree.body:
        yield from _statement(statement, known)


def _statement(statement: ast.stmt, known: set[str]) -> Iterator[Problem]:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from _import(statement)
        known.update((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for decorator in statement.decorator_list:
            yield from _used(decorator, known)
        known.add(statement.name)
    elif isinstance(statement, ast.With):
        for item in statement.items:
            yield from _used(item.context_expr, known)
            if item.optional_vars is not None:
                known.update(_stored(item.optional_vars))
        yield from _several(statement.body, known)
    elif isinstance(statement, (ast.For, ast.While, ast.If)):
        yield from _used(statement.iter if isinstance(statement, ast.For) else statement.test, known)
        if isinstance(statement, ast.For):
            known.update(_stored(statement.target))
        yield from _several([*statement.body, *statement.orelse], known)
    elif isinstance(statement, ast.Try):
        handlers = [one for handler in statement.handlers for one in handler.body]
        known.update(handler.name for handler in statement.handlers if handler.name)
        yield from _several([*statement.body, *handlers, *statement.orelse, *statement.finalbody], known)
    else:
        yield from _used(statement, known)
        known.update(_stored(statement))


def _several(statements: list[ast.stmt], known: set[str]) -> Iterator[Problem]:
    for each in statements:
        yield from _statement(each, known)


def _used(node: ast.AST, known: set[str]) -> Iterator[Problem]:
    inside: set[str] = set()
    for each in ast.walk(node):
        if isinstance(each, ast.comprehension):
            inside |= _stored(each.target)
        elif isinstance(each, ast.Lambda):
            inside |= {argument.arg for argument in ast.walk(each.args) if isinstance(argument, ast.arg)}
        elif isinstance(each, ast.NamedExpr):
            inside |= _stored(each.target)
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and each.id not in known | inside:
            yield each.lineno, f"the name `{each.id}` is not defined here"


def _stored(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}


def _dag(call: ast.Call) -> Iterator[Problem]:
    from flowc.compiler.rules.cron import BadCron, parse

    given = {each.arg: each.value for each in call.keywords if each.arg}
    identifier = given.get("dag_id", call.args[0] if call.args else None)
    if identifier is None:
        yield call.lineno, "the DAG has no id"
    elif isinstance(identifier, ast.Constant) and not (
        isinstance(identifier.value, str) and _KEY.fullmatch(identifier.value)
    ):
        yield identifier.lineno, f"{identifier.value!r} is not a valid DAG id"
    schedule = given.get("schedule")
    if isinstance(schedule, ast.Constant) and isinstance(schedule.value, str) and not schedule.value.startswith("@"):
        try:
            parse(schedule.value)
        except BadCron as error:
            yield schedule.lineno, f"{schedule.value!r} is not a valid cron expression: {error}"
    if isinstance(schedule, ast.Constant) and schedule.value is not None and "start_date" not in given:
        yield call.lineno, "a DAG with a schedule needs a start_date"


def _task(call: ast.Call) -> Iterator[Problem]:
    for each in call.keywords:
        value = each.value.value if isinstance(each.value, ast.Constant) else None
        if each.arg == "task_id" and value is not None and not (isinstance(value, str) and _KEY.fullmatch(value)):
            yield each.value.lineno, f"{value!r} is not a valid task id"
        elif each.arg == "trigger_rule" and value is not None and value not in _RULES:
            yield each.value.lineno, f"{value!r} is not a trigger rule"
        elif each.arg == "retries" and value is not None and not (isinstance(value, int) and value >= 0):
            yield each.value.lineno, f"retries must be a whole number of at least 0, not {value!r}"


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
        id(each.value)
        for each in ast.walk(tree)
        if isinstance(each, ast.keyword) and each.arg in ("doc_md", "description", "dag_id")
    }
    plain |= {
        id(inside)
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "Param"
        for inside in ast.walk(each)
    }
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in plain:
            for opening, closing in (("{{", "}}"), ("{%", "%}")):
                if each.value.count(opening) != each.value.count(closing):
                    yield each.lineno, f"Airflow cannot render {each.value[:60]!r}: `{opening}` is not closed"


def _cycles(block: ast.With) -> Iterator[Problem]:
    """Yields variables of tasks that come before themselves, by `>>` or by their arguments.

    Variables that are set more than once are skipped.
    """
    before: dict[str, set[str]] = {}
    lines: dict[str, int] = {}
    assigned = [each.id for each in ast.walk(block) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    once = {name for name in assigned if assigned.count(name) == 1}
    for each in block.body:
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.BinOp) and isinstance(each.value.op, ast.RShift):
            chain = _chain(each.value)
            for left, right in zip(chain, chain[1:]):
                for target in _named(right) & once:
                    before.setdefault(target, set()).update(_named(left) & once)
                    lines.setdefault(target, each.lineno)
        elif (
            isinstance(each, ast.Assign)
            and isinstance(each.value, ast.Call)
            and len(each.targets) == 1
            and isinstance(each.targets[0], ast.Name)
        ):
            before.setdefault(each.targets[0].id, set()).update(_loaded(each.value) & once)
    cyclic = cycle({name: several for name, several in before.items() if name in once})
    if cyclic:
        yield min(lines.get(name, 1) for name in cyclic), f"the tasks {', '.join(cyclic)} wait for each other"


def _chain(node: ast.expr) -> list[ast.expr]:
    """Returns the operands of `a >> b >> c`, in order."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
        return [*_chain(node.left), node.right]
    return [node]


def _named(operand: ast.expr) -> set[str]:
    """Returns the variables in an operand of `>>`, which is a name or a list of names."""
    several = operand.elts if isinstance(operand, (ast.List, ast.Tuple)) else [operand]
    return {each.id for each in several if isinstance(each, ast.Name)}


def _loaded(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
