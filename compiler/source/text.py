"""Source files: reading them, parsing them, and turning a node of the syntax tree into a `Span`.

`read` is the only place of the compiler that touches the disk. The parser is tree-sitter's, through ast-grep: it accepts any version of
Python, goes on after an error, and knows the place of everything.
"""

from __future__ import annotations

import os
from _thread import RLock, allocate_lock

from ..fast_start.record import record
from ..ir.nodes import Span
from ..report.diagnostics import Diagnostic, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ast_grep_py import Pos, SgNode

MAX_BYTES = 8 << 20
MAX_SYNTAX_ERRORS = 20
MAX_DEPTH = 200  # of brackets and blocks; deeper than any person writes, shallower than a parser's stack


@record
class Source:
    """One parsed file."""

    name: str  # path from the flow's folder, with forward slashes
    text: str
    root: SgNode
    place: Span | None = None  # of everything in it, if it only stands for what is written there
    joined: str = ""  # the text that was parsed, where lines of it that end in a backslash were joined with the next


def read(folder: str, name: str) -> Source:
    """Returns the parsed file `name` of `folder`. Raises Refused when it cannot be read as Python text."""
    return parse(name, decode(name, read_bytes(folder, name)))


def read_bytes(folder: str, name: str) -> bytes:
    """Returns the file's content. Raises Refused, saying why it cannot be read."""
    try:
        with open(os.path.join(folder, *name.split("/")), "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise _unreadable(name, "is a folder", "give the flow's .py file") from None
    except FileNotFoundError:
        raise _unreadable(name, "does not exist", "check the path") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, f"cannot be read: {getattr(error, 'strerror', None) or error}", "") from None
    if len(data) > MAX_BYTES:
        raise _unreadable(name, "is larger than 8 MiB", "a flow's source is text written by people")
    return data


def decode(name: str, data: bytes) -> str:
    """Returns the text with newlines as `\\n`, as Python's tokenizer reads it (UTF-8, or what a coding cookie says). Raises Refused."""
    if b"\0" in data:
        raise _unreadable(name, "is not a text file: it holds NUL bytes", "give the flow's .py file")
    data = data.removeprefix(b"\xef\xbb\xbf")
    encoding = "utf-8"
    if any(b"coding" in line for line in data.split(b"\n", 2)[:2]):  # PEP 263; rare, so the import is only paid then
        import io
        import tokenize

        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except SyntaxError as error:
            raise _unreadable(name, str(error), "write the file as UTF-8") from None
        if encoding.replace("_", "-") in ("unicode-escape", "raw-unicode-escape", "utf-7", "idna", "punycode"):
            raise _unreadable(
                name,
                f"is said to be {encoding}, in which the text is not what it looks like",
                "write the file as UTF-8",
            )
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise _unreadable(
            name, f"is not {encoding} text: {getattr(error, 'reason', error)}", "write the file as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(name: str, text: str) -> Source:
    """Returns the parsed text. Raises Refused with every syntax error that was found."""
    if _depth(text) > MAX_DEPTH:
        what = f"`{name}` nests brackets or blocks more than {MAX_DEPTH} deep"
        raise Refused(
            [
                Diagnostic(
                    "FLOW003", what, Span(name, 1, 1, 1, 2), why="the parser gives up there", how="split the expression"
                )
            ],
            {name: text},
        )
    joined = _joined(text)
    source = Source(name, text, tree_of(joined or text), joined=joined)
    problems = list(_syntax_errors(source))
    if problems:
        raise Refused(problems, {name: text})
    return source


def _joined(text: str) -> str:
    """The text with two spaces for each backslash that continues a line and for the line's end; "" if there is none.

    To the parser the backslash is a node among the arguments, the elements of a list or the operands around it, which nobody who walks them
    expects. What is left is as long as the text, so that offsets stay what they are.
    """
    if "\\\n" not in text:
        return ""
    found = tree_of(text).find_all(kind="line_continuation")
    places = [each.range().start.index for each in found]
    if not places:
        return ""
    pieces, done = [], 0
    for place in sorted(places):
        pieces += [text[done:place], "  "]
        done = place + 2
    return "".join([*pieces, text[done:]])


def tree_of(text: str) -> SgNode:
    """The root of the text's syntax tree."""
    global _root_class
    with _loading:  # what _parser does, no other thread may see half done
        if _root_class is None:
            _root_class = _parser()
    root: SgNode = _root_class(text, "python").root()
    return root


_root_class: Any = None
_loading = allocate_lock()


def _parser() -> Any:
    """`ast_grep_py.SgRoot`, from the extension module itself: what stands around it is for type checkers, and imports `typing`, which takes as long
    as parsing a file of a thousand lines."""
    import sys
    from _frozen_importlib_external import PathFinder

    package = "ast_grep_py"
    spec = PathFinder.find_spec(package) if package not in sys.modules else None
    if spec is not None and spec.submodule_search_locations:
        stand_in: Any = type(sys)(package)
        stand_in.__path__ = list(spec.submodule_search_locations)
        sys.modules[package] = stand_in
        try:
            from ast_grep_py.ast_grep_py import SgRoot

            return SgRoot
        except ImportError:
            pass
        finally:
            del sys.modules[package]
    from ast_grep_py import SgRoot

    return SgRoot


def span(source: Source, node: SgNode) -> Span:
    """Returns the node's place; a node of several lines is cut to its first."""
    if source.place is not None:
        return source.place
    place = node.range()
    first, start = _position(source, place.start)
    last, end = _position(source, place.end)
    if last > first:
        line = source.text.split("\n", first + 1)[first]
        return Span(source.name, first + 1, start + 1, first + 1, max(len(line), start + 1) + 1)
    return Span(source.name, first + 1, start + 1, last + 1, end + 1)


def _position(source: Source, place: Pos) -> tuple[int, int]:
    """The line and the column of the source, from 0, at which a place of its tree is."""
    if not source.joined:
        return place.line, place.column
    start = 0
    for _ in range(place.line):
        start = source.joined.index("\n", start) + 1
    offset = start + place.column
    before = source.text[:offset]
    return before.count("\n"), offset - (before.rfind("\n") + 1)


def _unreadable(name: str, what: str, how: str) -> Refused:
    return Refused([Diagnostic("FLOW001", f"`{name}` {what}", None, why="a flow is one file of Python", how=how)])


def _depth(text: str) -> int:
    """An upper bound of how deep the text nests, by brackets and indentation, without parsing it."""
    deepest = depth = 0
    for each in text:
        if each in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif each in ")]}":
            depth = max(0, depth - 1)
    if deepest > MAX_DEPTH:  # brackets in strings and comments count too: look again, with those left out
        deepest = _bracket_depth_outside_strings(text)
    indents = max((len(line) - len(line.lstrip(" \t")) for line in text.split("\n") if line.strip()), default=0)
    unary = max(
        (text.count(run * (MAX_DEPTH * 2)) for run in ("-", "~", "+", "not ", "lambda:", "lambda: ")), default=0
    )
    return max(
        deepest,
        indents // 4 if indents > 4 * MAX_DEPTH else 0,
        MAX_DEPTH + 1 if unary and _runs_outside_strings(text) else 0,
    )


def _bracket_depth_outside_strings(text: str) -> int:
    import io
    import tokenize

    deepest = depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
                deepest = max(deepest, depth)
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass  # what was read so far decides; the parser reports the rest
    return deepest


def _runs_outside_strings(text: str) -> bool:
    import io
    import tokenize

    run = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            run = run + 1 if token.string in ("-", "~", "+", "not", "lambda", ":") else 0
            if run > MAX_DEPTH:
                return True
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return False


def _syntax_errors(source: Source) -> Iterator[Diagnostic]:
    """Every syntax error, as Python words it: the line of each is taken out of the way, and the rest is read again.

    tree-sitter says whether there is any; Python says which, and also finds what tree-sitter lets pass.
    """
    lines = source.text.split("\n")
    seen: set[int] = set()  # lines taken out of the way
    while (error := _refused_by_python("\n".join(lines))) is not None and len(seen) < MAX_SYNTAX_ERRORS:
        line, column, end, message = error
        line = min(max(line, 1), len(lines))
        if line in seen:  # that did not help: the cause is a line above, such as one with an open bracket
            line = next((each for each in range(line - 1, 0, -1) if each not in seen and lines[each - 1].strip()), 0)
            if not line:
                return
        else:
            place = Span(source.name, line, column, line, max(end, column + 1))
            yield Diagnostic(
                "FLOW002",
                f"syntax error: {message}",
                place,
                "Python cannot read this",
                how="look at this line, and at the end of the one before",
            )
        seen.add(line)
        lines[line - 1] = _stand_in(lines[line - 1])
    if not seen and source.root.find(kind="ERROR") is not None:
        node = source.root.find(kind="ERROR")
        assert node is not None
        what = "syntax of a newer Python than the one that runs flowc, or none"
        yield Diagnostic(
            "FLOW002",
            f"syntax error: {what}",
            span(source, node),
            "it cannot be read with certainty",
            how="look at this line, and at the end of the one before",
        )


def _stand_in(line: str) -> str:
    """A line that is always legal where the broken one was: it opens a block if that did."""
    indent = line[: len(line) - len(line.lstrip())]
    code = line.partition("#")[0].rstrip()
    return indent + ("if True:" if code.endswith(":") else "pass")


def syntax_tree(text: str, name: str, mode: str = "exec") -> Any:
    """Returns Python's own tree of the text, by one thread at a time; raises what `compile` raises."""
    with _parsing:
        tries = 1
        while True:
            try:
                return compile(text, name, mode, 0x400, dont_inherit=True)  # PyCF_ONLY_AST
            except SystemError:  # other code of this process parses in a thread of its own
                if tries > _TRIES:
                    raise
            tries += 1


# Python's parser counts how deep it is for all threads together (CPython's issue 106905), and the filters of warnings are the process's
_parsing = RLock()
_TRIES = 100


def _refused_by_python(text: str) -> tuple[int, int, int, str] | None:
    """The place (line, column, end of the columns) and the words of Python's first complaint; nothing is run."""
    import warnings

    try:
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            syntax_tree(text, "flow")
    except SyntaxError as error:
        end = error.end_offset if error.end_lineno == error.lineno else None
        return error.lineno or 1, max(error.offset or 1, 1), end or 0, error.msg
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return 1, 1, 2, str(error) or type(error).__name__
    return None
