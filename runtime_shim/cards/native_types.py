"""Values as a card shows them: texts, numbers, lists and dicts.

Follows `metaflow.plugins.cards.card_modules.convert_to_native_type`.
"""

from __future__ import annotations

import sys

from .images import data_uri

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

TIME_FORMAT = "%Y-%m-%d %I:%M:%S %p"
MAX_ARTIFACT_SIZE = 256 * 1024 * 1024  # bytes of a value that is still shown
FRAME = "pandas.core.frame.DataFrame"
_ALIASES = {"pandas.DataFrame": FRAME}
_COLUMN_TIME = "%Y-%m-%dT%H:%M:%S%Z"


def full_name(value: Any) -> str:
    """Returns the name of the value's class, with its module unless that is `builtins`."""
    kind = type(value)
    module = kind.__module__
    return kind.__qualname__ if module in (None, "builtins") else f"{module}.{kind.__qualname__}"


class TaskToDict:
    """Converts values, and whole tasks, to JSON values."""

    def __init__(self, only_repr: bool = False, runtime: bool = False, max_artifact_size: Optional[int] = None) -> None:
        import pprint
        import reprlib

        self._pprint = pprint
        self._repr = reprlib.Repr()
        for limit in ("maxarray", "maxstring", "maxother", "maxtuple", "maxlist"):
            setattr(self._repr, limit, 100)
        self._repr.maxlevel = 3
        self._runtime, self._only_repr = runtime, only_repr
        self._max_artifact_size = MAX_ARTIFACT_SIZE if max_artifact_size is None else max_artifact_size

    def __call__(self, task: Any, graph: Any = None) -> Dict[str, Any]:
        """Returns what a card shows of a task (an object of the client)."""
        finished = None if self._runtime or task.finished_at is None else task.finished_at.strftime(TIME_FORMAT)
        created = task.created_at
        artifacts = self.of_artifacts((artifact.id, artifact.size, artifact) for artifact in task)
        return {
            "stderr": task.stderr, "stdout": task.stdout, "created_at": created and created.strftime(TIME_FORMAT),
            "finished_at": finished, "pathspec": task.pathspec, "graph": graph, **artifacts,
        }  # fmt: skip

    def of_artifacts(self, artifacts: Iterable[Tuple[str, int, Any]]) -> Dict[str, Any]:
        """Returns `data`, `images` and `tables` of artifacts.

        Each artifact is (name, size in bytes, an object whose attribute `data` is the value).
        """
        groups: Dict[str, Any] = {"data": {}, "images": {}, "tables": {}}
        for name, size, artifact in artifacts:
            if size > self._max_artifact_size:
                text = f"<artifact too large: {size} bytes, max: {self._max_artifact_size} bytes>"
                groups["data"][name] = self._entry("skipped", text, True, name)
                continue
            try:
                value = artifact.data
            except ModuleNotFoundError as error:
                groups["data"][name] = self._entry(error.name, "<unable to unpickle>", False, name)
                continue
            try:
                groups["data"][name] = {**self.infer_object(value), "name": name}
            except Exception as error:  # of the value's own `__repr__`
                groups["data"][name] = self._entry(
                    full_name(value), f"<cannot be shown: {type(error).__name__}: {error}>", False, name
                )
                continue
            kind = self.object_type(value)
            if kind == "bytes":
                image = data_uri(value)
                if image is not None:
                    groups["images"][name] = image
            elif kind == FRAME:
                groups["tables"][name] = self._parse_pandas_dataframe(value)
        return groups

    def _entry(self, kind: Optional[str], text: str, large: bool, name: str) -> Dict[str, Any]:
        return {
            "type": kind,
            "data": text,
            "large_object": large,
            "supported_type": False,
            "only_repr": self._only_repr,
            "name": name,
        }

    def object_type(self, object: Any) -> Optional[str]:
        """Returns the name of the value's class; None for one that has no class."""
        try:
            name = full_name(object)
        except AttributeError:
            return None
        return _ALIASES.get(name, name)

    def parse_image(self, data_object: Any) -> Optional[str]:
        """Returns an image's bytes as a `data:` URI; None for anything else."""
        return data_uri(data_object) if self.object_type(data_object) == "bytes" else None

    def infer_object(self, artifact_object: Any) -> Dict[str, Any]:
        """Returns the entry of one value."""
        data, kind, supported, large = self._to_native_type(artifact_object)
        return {
            "type": kind,
            "data": data,
            "large_object": large,
            "supported_type": supported,
            "only_repr": self._only_repr,
        }

    def _to_native_type(self, value: Any) -> Tuple[Any, Optional[str], bool, bool]:
        """Returns (the value as JSON, the name of its class, is the class known, is only the `repr` shown)."""
        kind = self.object_type(value)
        if kind is None:
            return self._repr.repr(value), kind, False, False
        if self._only_repr:
            return self._pretty(value), kind, False, False
        parse = getattr(self, _PARSERS.get(kind, ""), None)
        if parse is None:
            return self._repr.repr(value), kind, False, False
        data = parse(value)
        if size_of(data, set()) > self._max_artifact_size:
            return self._repr.repr(data), kind, True, True
        return data, kind, True, False

    def _pretty(self, value: Any) -> str:
        text = self._repr.repr(value)
        return text if "..." in text else self._pprint.pformat(value, indent=2, width=50, compact=True)

    # ── one method for each known class ───────────────────────────────────────────────────────────

    def _as_it_is(self, value: Any) -> Any:
        return value

    def _as_repr(self, value: Any) -> str:
        return self._repr.repr(value)

    def _as_text(self, value: Any) -> str:
        return str(value)

    def _as_float(self, value: Any) -> float:
        return float(value)

    def _parse_items(self, value: Any) -> List[Any]:
        return [self._to_native_type(item)[0] for item in value]

    def _parse_dict(self, value: Any) -> Dict[Any, Any]:
        return {key: self._to_native_type(value[key])[0] for key in value}

    def _parse_bytes(self, value: bytes) -> str:
        import base64

        return base64.encodebytes(value).decode("utf8")

    def _parse_bytearray(self, value: bytearray) -> str:
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return self._repr.repr(value)

    def _parse_datetime(self, value: Any) -> Any:
        return value.strftime(TIME_FORMAT)

    def _parse_type(self, value: type) -> str:
        return value.__name__

    def _parse_numpy_ndarray(self, value: Any) -> Any:
        return value.tolist()

    def _parse_pandas_dataframe(self, data_object: Any, truncate: bool = True) -> Dict[str, Any]:
        """Returns the rows of a frame, with the index as the first column; the first five if `truncate`.

        Leaves the frame unchanged.
        """
        headers = list(data_object.columns)
        data = (data_object.head() if truncate else data_object).copy()
        index = data.index
        if type(index).__name__ == "MultiIndex":
            from pandas import MultiIndex  # type: ignore[import-untyped,unused-ignore]

            levels = [_column(index.get_level_values(name).to_series()) for name in index.names]
            index = MultiIndex.from_arrays(levels, names=index.names)
        else:
            from pandas import Index

            index = Index(_column(index.to_series()))
        for name in data.columns:
            data[name] = _column(data[name])
        rows = data.values.tolist()
        for row, label in zip(rows, index.values.tolist()):
            row.insert(0, label)
        return {
            "full_size": (len(data_object), len(headers)),
            "headers": ["", *headers],
            "data": rows,
            "truncated": truncate,
        }


_PARSERS = {
    **dict.fromkeys(("NoneType", "str", "bool", "float", "int"), "_as_it_is"),
    **dict.fromkeys(("tuple", "list", "set", "frozenset"), "_parse_items"),
    **dict.fromkeys(("range", "Exception"), "_as_repr"), "complex": "_as_text", "decimal.Decimal": "_as_float",
    "dict": "_parse_dict", "bytes": "_parse_bytes", "bytearray": "_parse_bytearray",
    "datetime.datetime": "_parse_datetime", "type": "_parse_type", "numpy.ndarray": "_parse_numpy_ndarray",
    FRAME: "_parse_pandas_dataframe",
}  # fmt: skip


def _shortened(column: Any) -> Any:
    """Returns the column as texts; if one has more than 30 characters, each is cut there."""
    texts = column.astype("string")
    return texts.str.slice(0, 30) + "..." if len(column) > 0 and texts.str.len().max() > 30 else texts


def _column(column: Any) -> Any:
    """Returns a column (a Series) as JSON values, missing ones as `"null"`; a text if its type is unknown."""
    kind = str(column.dtype)
    try:
        if kind in ("int64", "float64", "bool"):
            return _filled(column)
        for part in ("complex", "datetime64", "timedelta", "interval", "period"):
            if part in kind:
                return _filled(_converted(column, part))
        return _shortened(_filled(column))
    except (ValueError, TypeError):
        return f"Unsupported type: {kind}"


def _filled(column: Any) -> Any:
    return column.astype(object).where(column.notna(), "null")


def _converted(column: Any, kind: str) -> Any:
    if kind == "datetime64":
        return column.dt.strftime(_COLUMN_TIME)
    return column.dt.total_seconds() if kind == "timedelta" else column.astype("string")


def size_of(value: Any, seen: Set[int]) -> int:
    """Returns the bytes that a value and all in it take in memory, nearly."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        return size + sum(size_of(part, seen) for pair in value.items() for part in pair)
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes, bytearray)):
        size += sum(size_of(item, seen) for item in value)
    if hasattr(value, "__dict__"):
        size += size_of(value.__dict__, seen)
    return size
