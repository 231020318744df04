"""SARIF 2.1.0, which code scanning services read (OASIS, Static Analysis Results Interchange Format).

The rules are the reported codes, with their pages as help. Columns count characters (`unicodeCodePoints`). Paths are
relative to the folder in which flowc was started, so that the log is the same on every machine.
"""

from __future__ import annotations

import json

from flowc.compiler.report.diagnostics import ERROR, HINT, WARNING, Diagnostic
from flowc.runtime_shim.contract.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowc.explanations import Page

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {ERROR: "error", WARNING: "warning", HINT: "note"}


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], colour: bool) -> str:
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    run = {
        "tool": {"driver": {"name": "flowc", "version": VERSION, "rules": _rules(codes)}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes.index(diagnostic.code)) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules(codes: list[str]) -> list[dict[str, object]]:
    from flowc.explanations import pages

    by_code = {page.code: page for page in pages()}
    return [_rule(by_code[code]) for code in codes]


def _rule(page: Page) -> dict[str, object]:
    return {
        "id": page.code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.text.partition("\nExample:\n")[0].strip()},
        "help": {"text": page.text, "markdown": page.text},
        "defaultConfiguration": {"level": _LEVELS[page.severity]},
        "properties": {"tags": [page.group]},
    }


def _result(diagnostic: Diagnostic, index: int) -> dict[str, object]:
    parts = [
        diagnostic.what,
        *([f"why: {diagnostic.why}"] if diagnostic.why else []),
        *([f"help: {diagnostic.how}"] if diagnostic.how else []),
    ]
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(parts)},
    }
    at = diagnostic.span
    if at is not None:
        region = {
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": max(at.end_column, 1),
        }
        result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": _uri(at.file)}, "region": region}}]
    return result


def _uri(path: str) -> str:
    from urllib.parse import quote

    path = path.replace("\\", "/")
    return ("file://" if path.startswith("/") else "") + quote(path.encode("utf-8", "surrogateescape"))
