"""The origin of a spec, beside its code package: the configs, options and mutators that the flow was compiled with."""

from __future__ import annotations

from flowc.runtime_shim.contract.semantics import LEFT_OUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.ir.nodes import Flow, Input


def compiled_with(flow: Flow) -> tuple[str, ...]:
    """Returns one phrase for each input of the flow.

    Examples: `config settings (settings.json, sha256:…)`, `file table (table.csv, sha256:…)`, `--set LIMIT=3`,
    `mutator M`, `--with NAME:…` that mutators have seen, `optimize containers=16`,
    `profile MyFlow (flow.profile.json, sha256:…)`.
    """
    return tuple(map(_phrase, flow.inputs))


def _phrase(item: Input) -> str:
    if item.value == LEFT_OUT:
        return f"--without {item.name.rpartition('.')[2]}"
    if item.kind in ("plugin", "package"):
        return f"{'plug-in' if item.kind == 'plugin' else item.kind} {item.name} ({item.value}, {item.digest})"
    if item.kind in ("config", "file", "profile"):
        return f"{item.kind} {item.name} ({item.value}, {item.digest})"
    if item.kind in ("mutator", "with"):
        return f"mutator {item.name}" if item.kind == "mutator" else f"--with {item.name}"
    if item.kind == "optimize":
        return f"optimize {item.name}={item.value}"
    return f"--{item.kind} {item.name}={item.value}"
