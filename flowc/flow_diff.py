"""The difference between two versions of a flow by its meaning: steps, edges, decorators, parameters, code.

A version is the content of a code package: the IR as `flowc.json`, and the flow's files. What a spec has beside it, the
default image for example, is compared field by field.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any


@record
class Version:
    """One version of a flow."""

    flow: dict[str, Any]  # the IR's JSON form
    files: dict[str, bytes]  # without `flowc.json`


@record
class Difference:
    """One difference. `before` or `after` is None for what one version lacks."""

    kind: str  # "step", "edge", "decorator", "parameter", "schedule", "file"
    subject: str  # "step fit", "parameter alpha", "flow"
    what: str  # "@retry times"; "" for the subject itself
    before: Any
    after: Any


def version_of(tar: bytes) -> Version:
    """Returns the version in a code package's tar. Raises KeyError if it holds no IR."""
    import io
    import json
    import tarfile

    from flowc.runtime_shim.contract.graph import IR_NAME

    files = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            files[member.name] = content.read() if content is not None else b""
    return Version(json.loads(files.pop(IR_NAME))["flow"], files)


def differences(old: Version, new: Version) -> Iterator[Difference]:
    """Yields what differs, in the order of the new flow."""
    yield from _decorators("flow", old.flow["decorators"], new.flow["decorators"])
    yield from _parameters(_by_name(old.flow["parameters"]), _by_name(new.flow["parameters"]))
    before, after = _by_name(old.flow["steps"]), _by_name(new.flow["steps"])
    for name, step in after.items():
        if name not in before:
            yield Difference("step", f"step {name}", "", None, f"→ {_target(step['transition'])}")
            continue
        earlier = before[name]
        if _target(earlier["transition"]) != _target(step["transition"]):
            yield Difference(
                "edge", f"step {name}", "goes to", _target(earlier["transition"]), _target(step["transition"])
            )
        yield from _decorators(f"step {name}", earlier["decorators"], step["decorators"])
    for name, step in before.items():
        if name not in after:
            yield Difference("step", f"step {name}", "", f"→ {_target(step['transition'])}", None)
    for path in sorted({*old.files, *new.files}):
        if old.files.get(path) != new.files.get(path):
            one, other = old.files.get(path), new.files.get(path)
            yield Difference("file", f"file {path}", "", _lines(one), _lines(other))


def _lines(data: bytes | None) -> str | None:
    return None if data is None else f"{data.count(10)} lines"


def _by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in items}


def _target(transition: Mapping[str, Any]) -> str:
    """Returns where a step goes, in one line; the same text for the same edges."""
    kind = transition["kind"]
    if kind == "end":
        return "the end"
    if kind == "foreach":
        return f"{transition['target']}, for each of {transition['over']}"
    if kind == "linear":
        return str(transition["target"])
    plain = {key: value for key, value in transition.items() if key not in ("kind", "span")}
    return f"{kind} {_shown(plain)}"


def _decorators(subject: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[Difference]:
    before, after = _numbered(old), _numbered(new)
    for key in [*after, *(key for key in before if key not in after)]:
        name = key[0]
        kind = "schedule" if subject == "flow" and name in ("schedule", "trigger", "trigger_on_finish") else "decorator"
        if key not in before or key not in after:
            one = _attributes(before[key]) if key in before else None
            other = _attributes(after[key]) if key in after else None
            yield Difference(kind, subject, f"@{name}", one, other)
            continue
        for attribute in {**before[key]["attributes"], **after[key]["attributes"]}:
            one, other = before[key]["attributes"].get(attribute), after[key]["attributes"].get(attribute)
            if one != other or type(one) is not type(other):
                yield Difference(kind, subject, f"@{name} {attribute}", _shown(one), _shown(other))


def _numbered(decorators: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Returns decorators by name and how many of that name come before."""
    numbered: dict[tuple[str, int], dict[str, Any]] = {}
    for decorator in decorators:
        count = sum(1 for name, _ in numbered if name == decorator["name"])
        numbered[decorator["name"], count] = decorator
    return numbered


def _attributes(decorator: dict[str, Any]) -> str:
    values = {name: value for name, value in decorator["attributes"].items() if value not in (None, False, "", [], {})}
    return ", ".join(f"{name}={_shown(value)}" for name, value in values.items()) or "on"


_OF_PARAMETER = ("type", "default", "required", "computed", "separator", "include", "form")


def _parameters(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> Iterator[Difference]:
    for name in [*new, *(name for name in old if name not in new)]:
        subject = f"parameter {name}"
        if name not in old or name not in new:
            one, other = (_parameter(side[name]) if name in side else None for side in (old, new))
            yield Difference("parameter", subject, "", one, other)
            continue
        for field in _OF_PARAMETER:
            if old[name][field] != new[name][field] or type(old[name][field]) is not type(new[name][field]):
                yield Difference("parameter", subject, field, _shown(old[name][field]), _shown(new[name][field]))


def _parameter(parameter: dict[str, Any]) -> str:
    required = ", required" if parameter["required"] else f" = {_shown(parameter['default'])}"
    return f"{parameter['type']}{required if parameter['has_default'] or parameter['required'] else ''}"


def _shown(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# ── for people ──────────────────────────────────────────────────────────────────────────────────────────────────────


def text(found: list[Difference]) -> list[str]:
    """Returns a line for each difference."""
    width = max((len(_name(one)) for one in found), default=0)
    return [f"  {_sign(one)} {_name(one):<{width}}  {_values(one)}".rstrip() for one in found]


def markdown(found: list[Difference]) -> list[str]:
    """Returns a table, as pull requests show it."""
    lines = ["| | what | before | after |", "|---|---|---|---|"]
    for one in found:
        before, after = ("" if value is None else f"`{_cell(value)}`" for value in (one.before, one.after))
        lines.append(f"| {_sign(one)} | {_cell(_name(one))} | {before} | {after} |")
    return lines


def _cell(value: Any) -> str:
    """Returns the text for a cell of a table, in which nothing can end the cell or the code."""
    return _shown(value).replace("|", "¦").replace("`", "´").replace("\n", " ")


def _name(one: Difference) -> str:
    return f"{one.subject} {one.what}".rstrip()


def _sign(one: Difference) -> str:
    return "+" if one.before is None else "-" if one.after is None else "~"


def _values(one: Difference) -> str:
    if one.before is None or one.after is None:
        return _shown(one.after if one.before is None else one.before)
    if one.kind == "file":
        return "" if one.before == one.after else f"{one.before} → {one.after}"
    return f"{_shown(one.before)} → {_shown(one.after)}"
