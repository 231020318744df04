"""An IR in its JSON form, as the input of a compile."""

from __future__ import annotations

from ..decorators.decorator import has_plugins, plugins, wrong_values
from ..ir.json_form import Malformed, from_json
from ..ir.nodes import Span
from ..ir.validity import violations
from ..options.with_decorators import attached
from ..report.diagnostics import Diagnostic, Refused, has_errors
from ..source.text import decode, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ir.nodes import Flow, Scope


def read_ir(folder: str, name: str, attach: Sequence[str]) -> tuple[Flow, Scope, list[Diagnostic]]:
    """Returns the flow of the file with the decorators that `attach` names, its scope, and warnings. Raises Refused."""
    text = decode(name, read_bytes(folder, name))
    place = Span(name, 1, 1, 1, 2)
    try:
        flow, scope = from_json(text)
    except Malformed as error:
        raise Refused(
            [
                Diagnostic(
                    "FLOW004",
                    f"`{name}` is not an IR: {error}",
                    place,
                    why="a file that ends in `.json` is read as an IR",
                    how="see `flowc show --json`",
                )
            ],
            {name: text},
        ) from None
    broken = list(violations(flow, scope))
    if broken:
        raise Refused(
            [
                Diagnostic(
                    "FLOW004",
                    f"`{name}` is not a legal IR: {fault}",
                    place,
                    why="every target counts on the rules of the schema",
                    how="see `compiler/schema/ir.v1.json`, and `flowc show --json` for an example",
                )
                for fault in broken
            ],
            {name: text},
        )
    flow, wrong = attached(flow, attach)
    if has_plugins(flow):
        flow, more = plugins().expanded(flow)
        wrong += more
    wrong += wrong_values(flow)
    if has_errors(wrong):
        raise Refused(wrong, {name: text})
    return flow, scope, wrong
