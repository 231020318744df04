"""`Config`, `config_expr` and `ConfigValue` in a process that runs the flow's code. The compiler has read their values.

A flow's class body may name parts of a config (`cfg.a.b`, `cfg["a"]`, `**cfg.a`) before its value is known. These are
`Delayed`, and have a meaning only where flowc's own decorators and mutators resolve them.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

UNPACKED = "_flowc_unpacked_"  # prefix of the only key of a config, or part of one, that is unpacked with `**`

NEVER = ("is_step", "wrappers")  # attributes that flowc looks up on any attribute of a class

active: Dict[str, Any] = {}  # the values for the running flow, by config name


class ConfigValue(dict):  # type: ignore[type-arg]
    """The content of a configuration: an immutable mapping, also in depth, whose items are attributes too."""

    __slots__ = ()

    def __init__(self, data: Any = ()) -> None:
        dict.__init__(self, {key: _wrapped(value) for key, value in dict(data).items()})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("ConfigValue is immutable")

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def copy(self) -> "ConfigValue":
        return ConfigValue(self)

    def to_dict(self) -> Dict[Any, Any]:
        """Returns the same content as ordinary dicts, in depth."""
        return {key: _unwrapped(value) for key, value in self.items()}

    @classmethod
    def fromkeys(cls, keys: Any, value: Any = None) -> "ConfigValue":
        return cls(dict.fromkeys(keys, value))

    def __reduce__(self) -> Any:
        return ConfigValue, (self.to_dict(),)

    def __dir__(self) -> List[str]:
        return [*dir(dict), "to_dict", *(key for key in self if isinstance(key, str) and key.isidentifier())]


def _wrapped(value: Any) -> Any:
    if isinstance(value, ConfigValue):
        return value
    if isinstance(value, dict):
        return ConfigValue(value)
    return type(value)(_wrapped(item) for item in value) if type(value) in (list, tuple, set) else value


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unwrapped(item) for key, item in value.items()}
    return type(value)(_unwrapped(item) for item in value) if type(value) in (list, tuple, set) else value


def of_flow(flow: Dict[str, Any]) -> Dict[str, Any]:
    """Returns the values that steps see, by config name. `flow` is the IR's JSON form."""
    values: Dict[str, Any] = {}
    for config in flow.get("configs", ()):
        value = config["value"]
        if config["literal"]:
            import ast

            value = ast.literal_eval(config["literal"])
        values[config["name"]] = value if value is None or config["is_plain"] else ConfigValue(value)
    return values


def as_artifact(value: Any) -> Any:
    """Returns the form in which a config is saved: ordinary dicts, as in Metaflow.

    `Config` gives steps a `ConfigValue` of them.
    """
    return value.to_dict() if isinstance(value, ConfigValue) else value


class Delayed:
    """An expression over configs whose value is not known yet."""

    def __init__(self, text: str, names: Dict[str, Any], access: Tuple[Any, ...] = ()) -> None:
        self.__dict__.update(_text=text, _names=names, _access=access)

    if TYPE_CHECKING:
        _text: str
        _names: Dict[str, Any]
        _access: Tuple[Any, ...]

    def __getattr__(self, name: str) -> "Delayed":
        if name.startswith("_") or name in NEVER:
            raise AttributeError(name)
        return Delayed(self._text, self._names, (*self._access, name))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and key.startswith(UNPACKED):
            return self
        return Delayed(self._text, self._names, (*self._access, key))

    def get(self, key: Any, _default: Any = None) -> "Delayed":
        """Names the part, as in Metaflow, where the default counts only once the config has its value."""
        return Delayed(self._text, self._names, (*self._access, key))

    def keys(self) -> List[str]:
        return [f"{UNPACKED}{id(self)}"]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"`{self._text}` has no value yet while Python creates the class: wrap the whole expression in "
            "config_expr(…)"
        )

    def __repr__(self) -> str:
        return f"<{self._text}{''.join(f'[{key!r}]' for key in self._access)}, not known yet>"


def resolve(value: Any, values: Optional[Dict[str, Any]] = None) -> Any:
    """Returns the value with everything that is delayed replaced. `values` are by config name, by default `active`."""
    configs = active if values is None else values
    if isinstance(value, Delayed):
        result = eval(value._text, value._names, dict(configs))
        for item in value._access:
            item = resolve(item, configs)
            result = getattr(result, item) if isinstance(item, str) and not isinstance(result, dict) else result[item]
        return result
    if isinstance(value, dict) and not isinstance(value, ConfigValue):
        resolved: Dict[Any, Any] = {}
        for key, item in value.items():
            if isinstance(key, str) and key.startswith(UNPACKED):
                resolved.update(_unwrapped(dict(resolve(item, configs))))
            else:
                resolved[key] = resolve(item, configs)
        return resolved
    return type(value)(resolve(item, configs) for item in value) if type(value) in (list, tuple, set) else value


def config_expr(expression: str) -> Delayed:
    """Returns an expression over the flow's configs, by name, for places where their values are not known yet."""
    return Delayed(expression, sys._getframe(1).f_globals)


class Config:
    """A configuration of the flow. On a flow object, its value."""

    _flowc_declares = True

    def __init__(
        self, name: str, default: Any = None, default_value: Any = None, help: Optional[str] = None,
        required: Optional[bool] = None,
        parser: Any = None, plain: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        self.__dict__.update(
            name=name, _default=default, _default_value=default_value, _parser=parser, _plain=plain, _attribute=name,
            kwargs={"default": default if default is not None else default_value, "help": help, "required": required,
            "plain": plain, **options},
        )  # fmt: skip

    if TYPE_CHECKING:
        name: str
        _attribute: str
        _plain: bool

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.__dict__["_attribute"] = attribute

    def __get__(self, flow: Any, owner: Optional[type] = None) -> Any:
        if flow is None or "_flowc" not in flow.__dict__:
            return self
        if self._attribute not in flow.__dict__:
            from .user_code.flowspec import FlowSpec

            value = FlowSpec.__getattr__(flow, self._attribute)
            if not self._plain and isinstance(value, dict):
                flow.__dict__[self._attribute] = ConfigValue(value)
        return flow.__dict__[self._attribute]

    def __set__(self, flow: Any, value: Any) -> None:
        if "_flowc_reached" in flow.__dict__:
            return  # as in Metaflow, it has no effect in `__init__`
        raise AttributeError("Flow level attributes and Parameters are not modifiable")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in NEVER:
            raise AttributeError(name)
        return getattr(Delayed(self.name, {}), name)

    def __getitem__(self, key: Any) -> Any:
        return Delayed(self.name, {})[key]

    def keys(self) -> List[str]:
        return Delayed(self.name, {}).keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())


def _parser(name: str) -> Any:
    def parse(content: str) -> Any:
        raise NotImplementedError(f"{name} reads configurations when a flow is compiled, not in its steps")

    parse.__name__ = name
    return parse


yaml_parser, requirements_txt_parser, pyproject_toml_parser, conda_environment_yml_parser = map(
    _parser, ("yaml_parser", "requirements_txt_parser", "pyproject_toml_parser", "conda_environment_yml_parser")
)
