"""The kinds of values that expressions make: what a foreach can iterate over, and what a run can save.

A kind is given only if it is certain; the kind of everything else is "". `tests/compiler/fold/test_value_kinds.py`
proves that the values listed as unsaveable cannot be pickled."""

from __future__ import annotations

from .budget import Unfoldable
from .expressions import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from ..dataflow.effects.records import Definition
    from ..fold.evaluator import Evaluator
    from ..names.resolver import Resolver

SET, DICT, GENERATOR, ITERATOR, FUNCTION, MODULE, VIEW = (
    "a set",
    "a dict",
    "a generator",
    "an iterator",
    "a function",
    "a module",
    "a view of a dict",
)

# The results of calls that cannot be pickled, by the qualified name of the callable.
UNSAVED: dict[str, str] = {
    **dict.fromkeys(
        "open io.open gzip.open bz2.open lzma.open codecs.open os.popen os.fdopen tempfile.TemporaryFile "
        "tempfile.NamedTemporaryFile "
        "zipfile.ZipFile tarfile.open".split(), "an open file",
    ),
    **dict.fromkeys(
        "threading.Lock threading.RLock threading.Condition threading.Semaphore threading.BoundedSemaphore "
        "threading.Event threading.Barrier "
        "multiprocessing.Lock".split(), "a lock",
    ),
    **dict.fromkeys(("threading.Thread", "threading.Timer"), "a thread"),
    **dict.fromkeys(("multiprocessing.Process", "subprocess.Popen"), "a process"),
    **dict.fromkeys(
        (
            "multiprocessing.Pool multiprocessing.Manager "
            "concurrent.futures.ThreadPoolExecutor concurrent.futures.ProcessPoolExecutor"
        ).split(),
        "a pool of workers",
    ),
    **dict.fromkeys(
        "queue.Queue queue.SimpleQueue queue.LifoQueue queue.PriorityQueue multiprocessing.Queue".split(),
        "a queue between threads"),
    **dict.fromkeys(("socket.socket", "socket.create_connection"), "a socket"),
    **dict.fromkeys(
        (
            "sqlite3.connect psycopg2.connect psycopg.connect pymysql.connect mysql.connector.connect "
            "duckdb.connect"
        ).split(),
        "a database connection"
    ),
    **dict.fromkeys(("boto3.client", "boto3.resource"), "a connection of boto3"),
    **dict.fromkeys(
        "csv.reader csv.writer csv.DictReader csv.DictWriter".split(), "a reader or writer of an open file"),
    "threading.local": "a thread's own data", "weakref.ref": "a weak reference", 
    "contextvars.ContextVar": "a context variable",
    "ssl.create_default_context": "an SSL context", "memoryview": "a view of memory", "mmap.mmap": "a mapped file",
    "os.scandir": "an open folder",
    "asyncio.new_event_loop": "an event loop", "argparse.ArgumentParser": "a parser of arguments",
}  # fmt: skip
_ITERATORS = frozenset("map zip filter enumerate reversed iter".split())
_DICTS = frozenset(("dict", "collections.defaultdict", "collections.OrderedDict", "collections.Counter"))
_SET_METHODS = frozenset("union intersection difference symmetric_difference".split())
_SET_OPERATORS = frozenset("|&-^")


def kind(resolver: Resolver, one: Definition | None) -> str:
    """Returns the kind of the definition's value."""
    return _kind(resolver, one, one.node) if one is not None else ""


def unsaved(resolver: Resolver, one: Definition | None) -> str:
    """Returns a description of the definition's value, such as "an open file", if it cannot be pickled, else ""."""
    if one is None:
        return ""
    one_kind = _kind(resolver, one, one.node)
    if one_kind in (GENERATOR, MODULE, VIEW):
        return one_kind
    called = _called(resolver, one, one.node)
    return UNSAVED.get(called, "")


def value(evaluator: Evaluator, one: Definition | None) -> object:
    """Returns the definition's value. Raises Unfoldable for one that only a run knows."""
    if one is None or not one.exact:
        raise Unfoldable("it is not known")
    return folded(evaluator, one, one.node)


def folded(evaluator: Evaluator, one: Definition, node: SgNode) -> object:
    """Returns the value of an expression at the definition's place. Raises Unfoldable."""
    return fold(node.text(), lambda name: _constant(evaluator, one, name))


def _constant(evaluator: Evaluator, one: Definition, name: str) -> object:
    first = name.partition(".")[0]
    if first in one.variables or first in one.imports:
        raise KeyError(name)
    return evaluator.constant(one.module, name)


def _called(resolver: Resolver, one: Definition, node: SgNode) -> str:
    """Returns the qualified name of the callable in the expression."""
    function = node.field("function") if node.kind() == "call" else None
    return (
        _qualified(resolver, one, function)
        if function is not None and function.kind() in ("identifier", "attribute")
        else ""
    )


def _qualified(resolver: Resolver, one: Definition, node: SgNode) -> str:
    first, _, rest = node.text().partition(".")
    if first in one.variables:
        return ""
    if first in one.imports:
        return f"{one.imports[first]}.{rest}" if rest else one.imports[first]
    return resolver.qualify(one.module, node.text())


def _kind(resolver: Resolver, one: Definition, node: SgNode) -> str:
    while node.kind() == "parenthesized_expression" and len(node.named_children()) == 1:
        node = node.named_children()[0]
    kind = node.kind()
    if kind in ("set", "set_comprehension"):
        return SET
    if kind in ("dictionary", "dictionary_comprehension"):
        return DICT
    if kind == "generator_expression":
        return GENERATOR
    if kind in ("lambda", "function_definition"):
        return FUNCTION
    if kind == "conditional_expression" and len(node.named_children()) == 3:
        body, _, other = node.named_children()
        mine = _kind(resolver, one, body)
        return mine if mine == _kind(resolver, one, other) else ""
    if kind == "binary_operator":
        left, operator = node.field("left"), node.field("operator")
        is_set = (
            left is not None
            and operator is not None
            and operator.text() in _SET_OPERATORS
            and _kind(resolver, one, left) == SET
        )
        return SET if is_set else ""
    if kind == "call":
        return _kind_of_call(resolver, one, node)
    if kind in ("identifier", "attribute"):
        return _kind_of_name(resolver, one, node)
    return ""


def _kind_of_call(resolver: Resolver, one: Definition, node: SgNode) -> str:
    called = _called(resolver, one, node)
    if called in ("set", "frozenset"):
        return SET
    if called in _DICTS:
        return DICT
    if called in _ITERATORS:
        return ITERATOR
    function = node.field("function")
    if function is not None and function.kind() == "attribute":
        owner, attribute = function.field("object"), function.field("attribute")
        if owner is None or attribute is None:
            return ""
        of = _kind(resolver, one, owner) if owner.kind() not in ("identifier", "attribute") else ""
        if of == SET and attribute.text() in _SET_METHODS:
            return SET
        if of == DICT and attribute.text() in ("keys", "values", "items"):
            return VIEW
    place = resolver.split(called) if called and "." in called else None
    if (
        place is not None
        and len(nodes := place[0].functions.get(place[1], [])) == 1
        and nodes[0].kind() == "function_definition"
    ):
        return GENERATOR if _yields(nodes[0]) else ""
    return ""


def _kind_of_name(resolver: Resolver, one: Definition, node: SgNode) -> str:
    qualified = _qualified(resolver, one, node)
    place = resolver.split(qualified) if "." in qualified else None
    if place is not None and place[1] in place[0].functions and place[1] not in place[0].assigned:
        nodes = place[0].functions[place[1]]
        return FUNCTION if len(nodes) == 1 and nodes[0].kind() == "function_definition" else ""
    if node.kind() == "identifier":
        name = node.text()
        imported = one.imports.get(name) or one.module.imports.get(name)
        if imported is not None and "." not in imported and name not in one.variables:
            return MODULE
    return ""


def _yields(function: SgNode) -> bool:
    """Returns True if a call of the function returns a generator."""
    body = function.field("body")
    waiting = list(body.named_children()) if body is not None else []
    while waiting:
        node = waiting.pop()
        if node.kind() == "yield":
            return True
        if node.kind() not in ("function_definition", "lambda", "class_definition"):
            waiting.extend(node.named_children())
    return False
