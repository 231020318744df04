"""Mutators: the user's classes that change a flow when it is loaded (Metaflow's documentation, custom decorators).

They run in their own process when the flow is compiled, which reports the changed flow as data. They run again in each
task, so that the user's own step decorators that they add exist there. Decorators are only noted here (`Noted`); their
meaning is in the IR.

The order is Metaflow's: `pre_mutate` of every flow mutator, bases first and then from the class upwards, then of every
step's; `mutate` likewise.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from .. import config
from ..contract.decorator_names import MULTIPLE
from ..exceptions import DuplicateFlowDecoratorException, DuplicateStepDecoratorException, MetaflowException
from .user_decorators import known

IGNORE, ERROR, OVERRIDE = 1, 2, 3

defaults: Dict[str, Dict[str, Any]] = {}  # decorator → attributes with their defaults, as the compiler knows them
levels: Dict[str, str] = {}  # decorator → "step" or "flow"
_classes: Dict[str, Any] = {}  # the user's decorators and mutators, by module and name

Spec = Tuple[str, str, List[Any], Dict[str, Any]]


class Noted:
    """One decorator of flowc's own on a step or a flow class."""

    def __init__(self, name: str, attributes: Dict[str, Any]) -> None:
        self.name, self.attributes = name, attributes
        self.place = -1  # index from the top, for a decorator in the source

    def spec(self) -> Spec:
        return self.name, f"metaflow.plugins.{self.name}", [], dict(self.attributes)


def know(decorators: Dict[str, Any]) -> None:
    """Stores the decorators that the compiler knows: name → its `level`, and its `attributes` with their defaults."""
    for name, value in decorators.items():
        defaults[name], levels[name] = value["attributes"], value["level"]


def noted(target: Any) -> List[Noted]:
    """Returns the decorators of a step's function or of a flow class itself, in the order in which Python applied them.

    `names.py` recorded them.
    """
    if "_flowc_decorators" not in target.__dict__:
        target._flowc_decorators = [
            Noted(name, attributes) for name, attributes in target.__dict__.get("_flowc_written", ())
        ]
    return target.__dict__["_flowc_decorators"]  # type: ignore[no-any-return]


def _own(target: Any, name: str) -> List[Any]:
    if name not in target.__dict__:
        setattr(target, name, [])
    return target.__dict__[name]  # type: ignore[no-any-return]


def register(cls: type) -> None:
    """Makes a user's class known by its name, for decorators given as text.

    Forgets the classes that it inherits from.
    """
    for base in cls.__bases__:
        _classes.pop(f"{base.__module__}.{base.__name__}", None)
    _classes[f"{cls.__module__}.{cls.__name__}"] = cls


def _called(name: str) -> Optional[type]:
    classes = [cls for key, cls in {**known, **_classes}.items() if key == name or key.endswith(f".{name}")]
    if not classes and "." in name:
        import importlib

        try:
            attribute = getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2], None)
        except ImportError as error:
            raise MetaflowException(f"Could not import user decorator {name}") from error
        classes = [attribute] if isinstance(attribute, type) else []
    return classes[-1] if classes else None


def parse_spec(text: str) -> Tuple[str, List[Any], Dict[str, Any]]:
    """Parses `name:k=v,k2=v2` into name, positional arguments (`0=v`) and named ones.

    Each value is JSON, a number, or otherwise text.
    """
    import json

    name, _, rest = text.partition(":")
    positional: Dict[int, Any] = {}
    named: Dict[str, Any] = {}
    for argument in re.split(r",(?=[\s\w]+=)", rest) if rest else ():
        key, equals, value = argument.partition("=")
        if not equals:
            raise MetaflowException(f"`{argument}` of `{text}` is not of the form name=value")
        key, value = key.strip(), value.strip()
        parsed: Any = value
        for read in (lambda one: json.loads(one.replace('\\"', '"')), int, float):
            try:
                parsed = read(value)
                break
            except ValueError:
                continue
        if key.isdigit():
            positional[int(key)] = parsed
        else:
            named[key] = parsed
    return name.strip(), [positional.get(index) for index in range(max(positional) + 1)] if positional else [], named


class _Mutator:
    """The common part of flow mutators and step mutators: how they are applied, and `init`."""

    _args: Tuple[Any, ...]
    _kwargs: Dict[str, Any]
    _ready: bool

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register(cls)

    def init(self, *args: Any, **kwargs: Any) -> None:
        """Takes the arguments of the decorator. Users override it."""

    def _prepare(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        self._args, self._kwargs, self._ready = args, kwargs, False

    @property
    def decorator_name(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}"

    def external_init(self) -> None:
        """Calls `init` once, after resolving delayed values in its arguments."""
        if getattr(self, "_ready", False):
            return
        self._args, self._kwargs = tuple(config.resolve(list(self._args))), config.resolve(self._kwargs)
        if (self._args or self._kwargs) and not _defines_init(type(self)):
            raise MetaflowException(f"{type(self).__name__} is used with arguments but does not implement init")
        self.init(*self._args, **self._kwargs)
        self._ready = True

    def get_args_kwargs(self) -> Tuple[List[Any], Dict[str, Any]]:
        return list(self._args), dict(self._kwargs)

    def spec(self) -> Spec:
        return type(self).__name__, self.decorator_name, list(self._args), dict(self._kwargs)


def _defines_init(cls: type) -> bool:
    return "init" in cls.__dict__


class FlowMutator(_Mutator):
    """Base class of a flow's mutators: `@M` or `@M(…)` on the class."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        mutator = object.__new__(cls)
        if args and _is_flow_class(args[0]):
            mutator._prepare(args[1:], kwargs)
            return mutator(args[0])  # the class itself: `@M`
        mutator._prepare(args, kwargs)
        return mutator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, flow_class: Any) -> Any:
        if not _is_flow_class(flow_class):
            raise MetaflowException("A FlowMutator can only be applied to a FlowSpec")
        _own(flow_class, "_flowc_mutators").append(self)
        return flow_class

    def pre_mutate(self, mutable_flow: "MutableFlow") -> None:
        """Called when the configs have been read. Users override it."""

    def mutate(self, mutable_flow: "MutableFlow") -> None:
        """Called when everything else of the flow is known. Users override it."""

    def add_to_package(self) -> Any:
        """Returns files for the code package, as described in `packaging.py`. Users override it."""
        return []


class StepMutator(_Mutator):
    """Base class of a step's mutators: `@M` or `@M(…)` on the method."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        mutator = object.__new__(cls)
        if args and getattr(args[0], "is_step", False):
            mutator._prepare(args[1:], kwargs)
            return mutator(args[0])
        mutator._prepare(args, kwargs)
        return mutator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, step: Any) -> Any:
        if not getattr(step, "is_step", False):
            raise MetaflowException(f"{type(self).__name__} can only be applied to a step function")
        _own(step, "_flowc_mutators").append(self)
        return step

    def pre_mutate(self, mutable_step: "MutableStep") -> None:
        """Called when the configs have been read. Users override it."""

    def mutate(self, mutable_step: "MutableStep") -> None:
        """Called when everything else of the flow is known. Users override it."""

    def add_to_package(self) -> Any:
        """Returns files for the code package, as described in `packaging.py`. Users override it."""
        return []


def _is_flow_class(value: Any) -> bool:
    from .flowspec import FlowSpec

    return isinstance(value, type) and issubclass(value, FlowSpec)


def is_user_decorator(value: Any) -> bool:
    """Returns True if the value is one of the user's own step decorator classes (`user_decorators.py`)."""
    return isinstance(value, type) and bool(getattr(value, "_flowc_user_decorator", False))


# ── the flow ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Flow:
    """The flow that is being changed."""

    def __init__(self, cls: Any, values: Dict[str, Any]) -> None:
        from .flowspec import FlowSpec

        self.cls, self.values = cls, values
        classes = [owner for owner in reversed(cls.__mro__) if issubclass(owner, FlowSpec)]
        self.decorators: List[Noted] = [one for cls in classes for one in noted(cls)] if classes else []
        self.mutators: List[FlowMutator] = [one for cls in classes for one in cls.__dict__.get("_flowc_mutators", ())]

    def steps(self) -> List[Tuple[str, Any]]:
        attributes = [(name, getattr(self.cls, name, None)) for name in dir(self.cls)]
        return [(name, attribute) for name, attribute in attributes if getattr(attribute, "is_step", False)]

    def parameters(self) -> List[Tuple[str, Any]]:
        return [(name, attribute) for name in dir(self.cls) if is_parameter(attribute := getattr(self.cls, name, None))]


def is_parameter(value: Any) -> bool:
    from .parameter import Parameter

    return isinstance(value, Parameter)


def apply(
    cls: Any, values: Dict[str, Any], ready: Callable[[], None] = lambda: None, attach: Sequence[str] = ()
) -> _Flow:
    """Runs all mutators of the flow class, which changes it. `values` are its configs' by name.

    `ready` is called before the first mutator runs. `attach` are the decorators of `--with`: as in Metaflow, they are
    added to the steps between `pre_mutate` and `mutate`.
    """
    config.active.clear()
    config.active.update(values)
    flow = _Flow(cls, values)
    for decorator in (*flow.decorators, *(one for _, step in flow.steps() for one in noted(step))):
        decorator.attributes = config.resolve({**defaults.get(decorator.name, {}), **decorator.attributes})
    ready()
    for mutator in flow.mutators:
        mutator.external_init()
    for mutator in flow.mutators:  # a mutator that is added meanwhile comes last
        mutator.pre_mutate(MutableFlow(flow, mutator, True))
    for _, step in flow.steps():
        for decorator in step_mutators(step):
            decorator.external_init()
    for name, step in flow.steps():
        for decorator in step_mutators(step):
            decorator.pre_mutate(MutableStep(flow, name, step, decorator, True))
    for _, step in flow.steps():
        _attach(step, attach)
    for mutator in flow.mutators:
        mutator.mutate(MutableFlow(flow, mutator, False))
    for name, step in flow.steps():
        for decorator in step_mutators(step):
            decorator.mutate(MutableStep(flow, name, step, decorator, False))
    return flow


def _attach(step: Any, texts: Sequence[str]) -> None:
    """Adds the decorators of `--with` to the step. Existing ones stay, unless a step may have several of them."""
    for text in texts:
        name, _, named = parse_spec(text)
        if name in MULTIPLE or name not in [decorator.name for decorator in noted(step)]:
            noted(step).append(
                _noted(
                    name,
                    [],
                    {decorator: _meant(value, defaults[name].get(decorator)) for decorator, value in named.items()},
                )
            )


def step_mutators(step: Any) -> List[Any]:
    """Returns the step's mutators. A class may be both a mutator and one of the user's own step decorators."""
    return [
        *_own(step, "_flowc_mutators"),
        *(wrapper for wrapper in _own(step, "wrappers") if isinstance(wrapper, StepMutator)),
    ]


def _early(is_early: bool, what: str) -> None:
    if not is_early:
        raise MetaflowException(f"{what} is only allowed in the `pre_mutate` method and not the `mutate` method")


def _decorator(deco_type: Any, args: Optional[List[Any]], kwargs: Optional[Dict[str, Any]], level: str) -> Any:
    """Returns the decorator that `add_decorator` was given: a Noted, or an object of a user's class."""
    positional, named = list(args or []), dict(kwargs or {})
    if isinstance(deco_type, str):
        name, own, named_in_text = parse_spec(deco_type)
        if (own or named_in_text) and (positional or named):
            raise MetaflowException(
                "Cannot specify additional arguments when adding a decorator using a decospec that already has "
                "arguments"
            )
        positional, named = own or positional, named_in_text or named
        if levels.get(name) == level:
            return _noted(
                name, positional, {option: _meant(value, defaults[name].get(option)) for option, value in named.items()}
            )
        cls = _called(name)
        if cls is None:
            raise MetaflowException(
                f"Unknown {level} decorator *{name}*. The following decorators are supported: "
                f"*{', '.join(_known(level))}*"
            )
        deco_type = cls
    if isinstance(deco_type, type):
        kind = FlowMutator if level == "flow" else StepMutator
        if issubclass(deco_type, kind) or (level == "step" and is_user_decorator(deco_type)):
            return deco_type(*positional, **named)
    name = getattr(deco_type, "__name__", "")
    if not getattr(deco_type, "_flowc_marker", False) or levels.get(name) != level:
        raise TypeError(
            f"add_decorator takes a {level} decorator of Metaflow's, or one of the user's own, not {deco_type!r}"
        )
    return _noted(name, positional, named)


def _meant(value: Any, default: Any) -> Any:
    """Returns a value from the text form.

    If the attribute is a bool, it accepts Python's True and False, as `--with` does.
    """
    return value == "True" if isinstance(default, bool) and value in ("True", "False") else value


def _known(level: str) -> List[str]:
    return [
        *(cls.__name__ for cls in {**known, **_classes}.values()),
        *sorted(name for name, value in levels.items() if value == level),
    ]


def _noted(name: str, positional: List[Any], named: Dict[str, Any]) -> Noted:
    if positional:
        raise MetaflowException(f"{levels[name].capitalize()} decorators do not take additional positional arguments")
    for attribute in named:
        if attribute not in defaults[name]:
            listed = ", ".join(defaults[name])
            raise MetaflowException(
                f"Decorator '{name}' does not support the attribute '{attribute}'. These attributes are supported: "
                f"{listed}."
            )
    return Noted(name, {**defaults[name], **config.resolve(named)})


def _duplicate(duplicates: int, problem: MetaflowException) -> bool:
    """Returns True if the existing decorator must be replaced, False if the new one must be dropped."""
    if duplicates == ERROR:
        raise problem
    if duplicates not in (IGNORE, OVERRIDE):
        raise ValueError(f"Invalid duplicates value: {duplicates}")
    return duplicates == OVERRIDE


class _Specs:
    """The listing of decorators, which flows and steps share."""

    IGNORE, ERROR, OVERRIDE = IGNORE, ERROR, OVERRIDE

    @property
    def decorator_specs(self) -> Iterator[Spec]:
        raise NotImplementedError

    def get_decorator_specs(self, name: str) -> List[Spec]:
        """Returns (short name, full name, positional, named) of each decorator with that name.

        A name with a period is a full name.
        """
        return [spec for spec in self.decorator_specs if spec[1 if "." in name else 0] == name]

    def has_decorator(self, name: str) -> bool:
        return bool(self.get_decorator_specs(name))


class MutableFlow(_Specs):
    """A flow mutator's view of the flow, which it may change."""

    def __init__(self, flow: _Flow, by: Any, is_early: bool) -> None:
        self.__dict__.update(_flow=flow, _flow_cls=flow.cls, _by=by, _pre_mutate=is_early)

    @property
    def decorator_specs(self) -> Iterator[Spec]:
        yield from (decorator.spec() for decorator in (*self._flow.decorators, *self._flow.mutators))

    @property
    def configs(self) -> Iterator[Tuple[str, Any]]:
        yield from self._flow.values.items()

    @property
    def parameters(self) -> Iterator[Tuple[str, Any]]:
        yield from self._flow.parameters()

    @property
    def steps(self) -> Iterator[Tuple[str, "MutableStep"]]:
        for name, step in self._flow.steps():
            yield name, MutableStep(self._flow, name, step, self._by, self._pre_mutate)

    def add_parameter(self, name: str, value: Any, overwrite: bool = False) -> None:
        _early(self._pre_mutate, f"Adding parameter '{name}'")
        if hasattr(self._flow.cls, name) and not overwrite:
            text = f"Flow '{self._flow.cls.__name__}' already has a class member '{name}'"
            raise MetaflowException(f"{text} -- set overwrite=True in add_parameter to overwrite it.")
        if not is_parameter(value):
            raise MetaflowException(
                f"Only a Parameter or an IncludeFile can be added using `add_parameter`; got {type(value)}"
            )
        value._attribute = name
        setattr(self._flow.cls, name, value)

    def remove_parameter(self, parameter_name: str) -> bool:
        _early(self._pre_mutate, f"Removing parameter '{parameter_name}'")
        for attribute, parameter in self._flow.parameters():
            if parameter.name == parameter_name:
                for cls in self._flow.cls.__mro__:
                    if attribute in cls.__dict__:
                        delattr(cls, attribute)
                        return True
        return False

    def add_decorator(
        self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = IGNORE
    ) -> Any:
        _early(self._pre_mutate, f"Adding flow-decorator '{deco_type}'")
        added = _decorator(deco_type, deco_args, deco_kwargs, "flow")
        flow = self._flow
        if isinstance(added, FlowMutator):
            same = [mutator for mutator in flow.mutators if mutator.decorator_name == added.decorator_name]
            if same and not _duplicate(
                duplicates, MetaflowException(f"Duplicate FlowMutator '{added.decorator_name}' on flow")
            ):
                return None
            added.external_init()
            flow.mutators[:] = [mutator for mutator in flow.mutators if mutator not in same]
            flow.mutators.append(added)
            return added
        same = [decorator for decorator in flow.decorators if decorator.name == added.name]
        if same and added.name not in MULTIPLE:
            if not _duplicate(duplicates, DuplicateFlowDecoratorException(added.name)):
                return None
            flow.decorators[:] = [decorator for decorator in flow.decorators if decorator not in same]
        flow.decorators.append(added)
        return added

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        _early(self._pre_mutate, f"Removing flow-decorator '{deco_name}'")
        if any(mutator.spec()[1 if "." in deco_name else 0] == deco_name for mutator in self._flow.mutators):
            raise MetaflowException(f"Cannot remove FlowMutator '{deco_name}'. Only FlowDecorators can be removed.")
        return _removed(self._flow.decorators, deco_name, deco_args, deco_kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        attribute = getattr(self._flow.cls, name)
        if getattr(attribute, "is_step", False):
            return MutableStep(self._flow, name, attribute, self._by, self._pre_mutate)
        if isinstance(attribute, config.Config):
            return self._flow.values[attribute.name]
        if is_parameter(attribute):
            return attribute
        raise AttributeError(name)


class MutableStep(_Specs):
    """A mutator's view of a step, which it may change."""

    def __init__(self, flow: _Flow, name: str, step: Any, by: Any, is_early: bool) -> None:
        self._flow, self.name, self._my_step, self._by, self._pre_mutate = flow, name, step, by, is_early

    @property
    def flow(self) -> MutableFlow:
        return MutableFlow(self._flow, self._by, self._pre_mutate)

    @property
    def decorator_specs(self) -> Iterator[Spec]:
        yield from (decorator.spec() for decorator in noted(self._my_step))
        seen = []
        for decorator in (*_own(self._my_step, "wrappers"), *_own(self._my_step, "_flowc_mutators")):
            if decorator not in seen:
                seen.append(decorator)
                yield spec_of(decorator)

    def add_decorator(
        self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = IGNORE
    ) -> Any:
        decorator = _decorator(deco_type, deco_args, deco_kwargs, "step")
        if not isinstance(decorator, Noted):
            return self._add_own(decorator, duplicates)
        own = noted(self._my_step)
        same = [candidate for candidate in own if candidate.name == decorator.name]
        if same and decorator.name not in MULTIPLE:
            if not _duplicate(duplicates, DuplicateStepDecoratorException(decorator.name, self.name)):
                return None
            own[:] = [candidate for candidate in own if candidate not in same]
        own.append(decorator)
        return decorator

    def _add_own(self, decorator: Any, duplicates: int) -> Any:
        if isinstance(decorator, StepMutator):
            _early(self._pre_mutate, f"Adding step mutator '{decorator.decorator_name}'")
        lists = [_own(self._my_step, name) for name in ("wrappers", "_flowc_mutators")]
        same = [candidate for one in lists for candidate in one if full_name(candidate) == full_name(decorator)]
        if same:
            if not _duplicate(duplicates, DuplicateStepDecoratorException(full_name(decorator), self.name)):
                return None
            for one in lists:
                one[:] = [candidate for candidate in one if candidate not in same]
        decorator(self._my_step)
        decorator.external_init()
        return decorator

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        removed = False
        for one in (_own(self._my_step, "wrappers"), _own(self._my_step, "_flowc_mutators")):
            for decorator in list(one):
                short, full, args, kwargs = spec_of(decorator)
                if deco_name not in (short, full) and not full.endswith(f".{deco_name}"):
                    continue
                if (deco_args is not None or deco_kwargs is not None) and (args, kwargs) != (
                    deco_args or [],
                    deco_kwargs or {},
                ):
                    continue
                if isinstance(decorator, StepMutator):
                    _early(self._pre_mutate, f"Removing step mutator '{full}'")
                one.remove(decorator)
                removed = True
        return removed or _removed(noted(self._my_step), deco_name, deco_args, deco_kwargs)


def _removed(own: List[Noted], name: str, args: Any, kwargs: Any) -> bool:
    anyway = args is None and kwargs is None
    kept = [
        decorator
        for decorator in own
        if decorator.name != name or not (anyway or ([], decorator.attributes) == (args or [], kwargs or {}))
    ]
    removed = len(kept) < len(own)
    own[:] = kept
    return removed


def spec_of(one: Any) -> Spec:
    """Returns (short name, full name, positional, named) of a mutator or of one of the user's own step decorators."""
    positional, named = one.get_args_kwargs()
    full = full_name(one)
    return full.rpartition(".")[2], full, list(positional), dict(named)


def full_name(one: Any) -> str:
    return str(getattr(one, "decorator_name", "") or f"{type(one).__module__}.{type(one).__name__}")
