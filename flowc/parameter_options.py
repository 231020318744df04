"""The options of parameters with a form: flags, several values, prompts. What click does is the model."""

from __future__ import annotations

import sys

from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Form, Value


def value_name(form: Form, kind: str) -> str:
    """Returns the name of the option's value in help; "" for an option that takes none."""
    if form.flag is not None or form.is_count:
        return ""
    if form.word:
        word = form.word.replace(" ", "_")
    elif form.choices:
        word = "|".join(choice.replace(" ", "_") for choice in form.choices)
    elif form.items and form.count:
        names = form.items if len(form.items) > 1 else form.items * form.count
        return " ".join(name.upper() for name in names)
    else:
        word = kind
    return " ".join([word] * form.count) if form.items and form.count else word


def value_of(form: Form, texts: Sequence[str]) -> Any:
    """Returns the value for the option's occurrences on the command line: a text, or a list of texts."""
    last = texts[-1]
    if form.is_count:
        return last or len(texts)
    if form.flag is not None:
        return last if last else form.flag
    if not form.items or (last.startswith("[") and len(texts) == 1):
        return last
    rows = [text.split("\0") for text in texts]
    if form.count == 1:
        return [row[0] for row in rows]
    return rows if form.is_repeated else rows[-1]


def ask(form: Form, default: Value) -> str | None:
    """Asks for a value on a terminal. Returns None without a terminal, and for no answer."""
    if not sys.stdin.isatty():
        return None
    shown = "" if default is None else f" [{default}]"
    while True:
        answer = _answer(form, f"{form.prompt}{shown}: ")
        if not answer and default is None:
            continue
        if not answer or not form.is_confirmed or _answer(form, "Repeat for confirmation: ") == answer:
            return answer or None
        print("the two answers differ", file=sys.stderr)


def _answer(form: Form, question: str) -> str:
    if form.is_secret:
        from getpass import getpass

        return getpass(question)
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise Usage(f"no answer to `{form.prompt}`", "give the parameter as an option")
    return line.rstrip("\n")
