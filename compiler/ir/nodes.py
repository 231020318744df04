"""The IR: every node type, and nothing else. Start reading here.

Two views of one flow. The *graph* is what the author wrote: a `Flow` of `Step`s, each with a `Transition`. The
*scopes* are what targets fold over: a `Scope` of `Task`, `Branches` and `ForEach` nodes (`scopes.py` makes them from
the graph). `validity.py` has the rules of a valid IR; `json_form.py` is its JSON form, published as
`schema/ir.v1.json`. A *value* is the JSON result of folding the source: None, bool, int, float, str, list or dict
with text keys.
"""

from __future__ import annotations

from ..fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias, Union

    Value: TypeAlias = Union[None, bool, int, float, str, list["Value"], dict[str, "Value"]]
    Transition: TypeAlias = Union["Linear", "Split", "Foreach", "Switch", "Parallel", "End"]
    Node: TypeAlias = Union["Task", "Branches", "ForEach"]


@record
class Span:
    """A range in a source file: from a first character up to, but not including, a last one."""

    file: str  # path from the flow's folder, with forward slashes, so that it is the same on every machine
    line: int  # 1 is the first
    column: int  # 1 is the first; counted in characters, not bytes
    end_line: int
    end_column: int


# ── graph ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@record
class Flow:
    """A flow class with everything that it inherits."""

    name: str  # of the class
    file: str  # the file that defines it, as in `Span.file`
    doc: str  # its docstring, dedented; "" without one
    start: str  # name of the first step
    end: str  # name of the last step
    parameters: tuple[Parameter, ...]  # in order of definition, bases first
    constants: tuple[Constant, ...]
    decorators: tuple[Decorator, ...]  # of the class, as written from top to bottom, bases first
    steps: tuple[Step, ...]  # in order of definition, bases first
    span: Span
    configs: tuple[Config, ...] = ()  # in order of definition, bases first
    inputs: tuple[Input, ...] = ()  # inputs of the compile besides the source: part of every spec's provenance
    # the user's classes that changed the flow when it was compiled, and do so again in each task
    mutators: tuple[str, ...] = ()
    # for mutators: decorator → its `level`, and its `attributes` with their defaults
    decorators_known: dict[str, Value] = {}

    @property
    def by_name(self) -> dict[str, Step]:
        """Returns the steps by name."""
        return {step.name: step for step in self.steps}


@record
class Step:
    """A method marked `@step`."""

    name: str
    doc: str
    decorators: tuple[Decorator, ...]  # from top to bottom, without `@step` itself
    transition: Transition
    is_join: bool  # takes `inputs`, and closes the innermost open split or foreach
    span: Span  # of the name in `def name`
    reads: tuple[str, ...] | None = None  # artifacts it may load (a join: of its inputs), sorted; None if unknown


@record
class Decorator:
    """A decorator other than `@step`, with its given attributes, and the defaults of the others."""

    name: str  # the decorator's original name, whatever its local name is: `retry`
    attributes: dict[str, Value]  # by name
    span: Span


@record
class Parameter:
    """An input of the flow, given when a run is started."""

    attribute: str  # the class attribute, read in steps as `self.ATTRIBUTE`
    name: str  # its name on the command line and in every spec; mostly the same
    type: str  # "str", "int", "float", "bool", "json", or "file" for an IncludeFile
    default: Value  # meaningful only if `has_default`; for a file, the path as written
    has_default: bool
    required: bool  # no run may start without it; if neither required nor given, it is None
    help: str
    separator: str  # splits a str parameter into a list when a run starts; "": none
    span: Span
    show_default: bool = True  # in `--help`
    computed: bool = False  # the default is a function that only a local run can call; `has_default` is False
    include: Include | None = None  # of a "file"
    form: Form | None = None  # what its value must be beyond its type; None if that is all


@record
class Form:
    """The form of a parameter's value beyond its type: what click calls a type, and the shape of its option.

    A parameter with several values has the type "json", and `items` are the types of its values.
    """

    items: tuple[str, ...] = ()  # the type of all values, or the type of each of a fixed number; () for one
    # value; "any" leaves a value as it is in JSON
    is_repeated: bool = False  # any number of values, each given with its own option
    count: int = 1  # of the words of one option
    choices: tuple[str, ...] = ()  # all values that are allowed; () for any
    any_case: bool = False  # of the choices
    least: Value = None  # of a number
    most: Value = None
    is_clamped: bool = False  # a number outside becomes `least` or `most`
    # what steps see: "tuple", "datetime", "uuid", "path", "call" of its `type`; "" for the value itself; "place" and
    # "place_path" for a text or a path in which `{flow}`, `{current}` and `~` are folders of the task
    made: str = ""
    formats: tuple[str, ...] = ()  # of a "datetime", as for `strptime`
    path: tuple[str, ...] = ()  # what a path must be: "exists", "file", "folder", "readable", "writable", "absolute"
    flag: Value = None  # the value that the option alone gives; None if the option takes a value
    is_count: bool = False  # the option takes no value, and the parameter says how often it is given
    variables: tuple[str, ...] = ()  # of the environment of `flowc run`, which give the value if no option does
    container: str = ""  # a variable of the first task's environment, which gives the default
    word: str = ""  # stands for the value in help
    is_hidden: bool = False  # in help
    prompt: str = ""  # the question of `flowc run` on a terminal
    is_secret: bool = False  # the answer is not shown
    is_confirmed: bool = False  # the answer is asked twice


@record
class Include:
    """The treatment of the file that a parameter of type "file" names: its content, as text or as bytes."""

    is_text: bool
    encoding: str
    digest: str  # sha256 of the default file, 64 hexadecimal digits; "" without a readable default


@record
class Constant:
    """A class attribute that is saved once and readable in every step, such as `alpha = 0.5`."""

    name: str
    span: Span


@record
class Config:
    """A `Config`: the value of a configuration when the flow was compiled. A constant in every step."""

    attribute: str  # the class attribute, read in steps as `self.ATTRIBUTE`
    name: str  # its name on the command line and in `config_expr`
    value: Value
    is_plain: bool  # steps get the value itself, not a ConfigValue
    literal: str  # the value as a Python literal if JSON would lose part of it, such as tuples; else ""
    span: Span


@record
class Input:
    """An input of the compile other than the flow's source."""

    # "config", "file", "set", "env", "mutator", "plugin", "package" for an installed package whose source was read, or
    # "with" for decorators of `--with` that mutators saw, "optimize" for a setting of the optimizer, or "profile" for
    # what past runs cost
    kind: str
    name: str  # of the config or parameter, the name in `--set` or `--env`, the mutator's class, the decorator's name
    # the source of the text (a path, or the option), or the given text; "" for a mutator; the version of a package
    value: str
    digest: str  # "sha256:" and 64 hexadecimal digits, of the config's text or the file's content; else ""


@record
class Linear:
    """`self.next(self.target)`."""

    target: str
    span: Span


@record
class Split:
    """`self.next(self.a, self.b)`: one task of every target, at the same time."""

    targets: tuple[str, ...]
    span: Span


@record
class Foreach:
    """`self.next(self.target, foreach="over")`: one task of `target` for each item of the step's artifact `over`."""

    target: str
    over: str | None  # None if the name is known only at run time
    span: Span


@record
class Case:
    """One entry of a switch."""

    value: str | int | float | bool  # compared as Python's `==` does
    target: str
    span: Span


@record
class Switch:
    """`self.next({value: self.target, …}, condition="on")`: the target whose value equals artifact `on`."""

    on: str
    cases: tuple[Case, ...]
    span: Span


@record
class Parallel:
    """`self.next(self.target, num_parallel=n)`: n tasks of `target` that run together and know each other."""

    target: str
    num_parallel: int | None  # None if known only at run time
    span: Span


@record
class End:
    """No `self.next`: the last step."""


# ── scopes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@record
class Scope:
    """A part of the graph with one entry, in which all tasks have the same number of foreach indices.

    Every step of the flow is the `step` of exactly one node of one scope. From a `Task`, control follows the step's
    own transition (linear or switch; a switch that names itself is a loop). From `Branches` and `ForEach` it goes to
    `join`. If the target is not a node of this scope, control leaves the scope: to the `join` of the enclosing node,
    or, in the outermost scope, nowhere.
    """

    entry: str
    nodes: tuple[Node, ...]  # in topological order, loops aside


@record
class Task:
    """A step that goes on to one step: linear, switch or end."""

    step: str


@record
class Branches:
    """The task of `step`, then every scope at the same time; after all have ended, `join`."""

    step: str
    scopes: tuple[Scope, ...]  # one for each target of the split, in its order
    join: str  # a node of the scope that holds this node


@record
class ForEach:
    """The task of `step`, then `body` once for each item; after all have ended, `join`."""

    step: str
    body: Scope
    join: str  # a node of the scope that holds this node
