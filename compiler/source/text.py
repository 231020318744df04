"""Reads and parses source files, and turns nodes of the syntax tree into `Span`s.

`read` is the only place of the compiler that touches the disk. The parser is tree-sitter's, through ast-grep: it
accepts any version of Python, continues after an error, and knows the place of every node.
"""

from __future__ import annotations

import os
from _thread import RLock, allocate_lock

from ..fast_start.record import record
from ..fast_start.syntax import is_surely_valid
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
    """A parsed file."""

    name: str  # path from the flow's folder, with forward slashes
    text: str
    root: SgNode
    place: Span | None = None  # the place of all nodes, if the text stands for code at that place
    joined: str = ""  # the parsed text, if lines that end in a backslash were joined with the next


def read(folder: str, name: str) -> Source:
    """Returns the parsed file `name` of `folder`. Raises Refused if it cannot be read as Python text."""
    return parse(name, decode(name, read_bytes(folder, name)))


def read_bytes(folder: str, name: str) -> bytes:
    """Returns the file's content. Raises Refused with the reason if it cannot be read."""
    if name.endswith(".ipynb") or ".ipynb:cell " in name:
        from . import notebooks  # rare, so imported only then

        if notebooks.is_cell(name):
            text = notebooks.cell_text(name, lambda notebook: _bytes(folder, notebook), syntax_tree)
            return text.encode("utf-8", "replace")
        raise _unreadable(
            name,
            "is a notebook",
            "begin the flow's cell with `%%writefile flow.py`, run it, and give that file; `flowc check` reads cells",
        )
    return _bytes(folder, name)


def notebook_bytes(path: str) -> bytes:
    """Returns the content of a notebook. Raises Refused with the reason if it cannot be read."""
    folder, name = os.path.split(path)
    return _bytes(folder or ".", name)


def _bytes(folder: str, name: str) -> bytes:
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
        raise _unreadable(name, "is larger than 8 MiB", "source files have a limit of 8 MiB")
    return data


def decode(name: str, data: bytes) -> str:
    """Returns the text with newlines as `\\n`, as Python's tokenizer reads it (UTF-8, or what a coding cookie says).

    Raises Refused.
    """
    if b"\0" in data:
        raise _unreadable(name, "is not a text file: it contains NUL bytes", "give the flow's .py file")
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
                f"declares the encoding {encoding}, in which the text does not mean what it seems to",
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
    """Returns the parsed text. Raises Refused with every syntax error found."""
    if _depth(text) > MAX_DEPTH:
        what = f"`{name}` nests brackets or blocks more than {MAX_DEPTH} deep"
        raise Refused(
            [
                Diagnostic(
                    "FLOW003",
                    what,
                    Span(name, 1, 1, 1, 2),
                    why="deeper nesting could overflow the parser's stack",
                    how="split the expression",
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
    """Returns the text with each continuation backslash and its line end replaced by two spaces.

    Returns "" if there is none. The parser would make the backslash a node among arguments, list elements or operands,
    where code does not expect it. The length stays the same, so that offsets stay valid.
    """
    if "\\\n" not in text:
        return ""
    continuations = tree_of(text).find_all(kind="line_continuation")
    places = [node.range().start.index for node in continuations]
    if not places:
        return ""
    pieces, done = [], 0
    for place in sorted(places):
        pieces += [text[done:place], "  "]
        done = place + 2
    return "".join([*pieces, text[done:]])


def tree_of(text: str) -> SgNode:
    """Returns the root of the text's syntax tree."""
    global _root_class
    with _loading:  # no other thread may see the work of _parser half done
        if _root_class is None:
            _root_class = _parser()
    root: SgNode = _root_class(text, "python").root()
    return root


_root_class: Any = None
_loading = allocate_lock()


def _parser() -> Any:
    """Returns `ast_grep_py.SgRoot` from the extension module itself.

    Its wrapper is for type checkers, and imports `typing`, which takes as long as parsing a file of a thousand lines.
    """
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
    from_, to = place.start, place.end
    if source.joined:
        (first, start), (last, end) = _position(source, from_), _position(source, to)
    else:
        first, start, last, end = from_.line, from_.column, to.line, to.column
    if last > first:
        line = source.text.split("\n", first + 1)[first]
        return Span(source.name, first + 1, start + 1, first + 1, max(len(line), start + 1) + 1)
    return Span(source.name, first + 1, start + 1, last + 1, end + 1)


def _position(source: Source, place: Pos) -> tuple[int, int]:
    """Returns the line and the column of the source, from 0, of a place in the tree of its joined text."""
    start = 0
    for _ in range(place.line):
        start = source.joined.index("\n", start) + 1
    offset = start + place.column
    before = source.text[:offset]
    return before.count("\n"), offset - (before.rfind("\n") + 1)


def _unreadable(name: str, what: str, how: str) -> Refused:
    return Refused(
        [
            Diagnostic(
                "FLOW001", f"`{name}` {what}", None, why="a flow must be a Python file that flowc can read", how=how
            )
        ]
    )


_NO_BRACKETS = bytes(each for each in range(256) if each not in b"([{)]}")


def _depth(text: str) -> int:
    """Returns an upper bound of the text's nesting, by brackets and indentation, without parsing it."""
    deepest = depth = 0
    for character in text.encode("utf-8", "replace").translate(None, _NO_BRACKETS):
        if character in b"([{":
            depth += 1
            if depth > deepest:
                deepest = depth
        elif depth:
            depth -= 1
    if deepest > MAX_DEPTH:  # brackets in strings and comments counted too: count again without them
        deepest = _bracket_depth_outside_strings(text)
    indents = 0
    lines = text.split("\n")
    if max(map(len, lines)) > 4 * MAX_DEPTH:
        indents = max((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
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
        pass  # the text read so far decides; the parser reports the rest
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
    """Yields every syntax error in Python's words.

    Skips the line of each, and reads the rest again. tree-sitter tells if there are errors; Python names them, and also
    finds some that tree-sitter accepts.
    """
    lines = source.text.split("\n")
    seen: set[int] = set()  # skipped lines
    while (error := _refused_by_python("\n".join(lines))) is not None and len(seen) < MAX_SYNTAX_ERRORS:
        line, column, end, message = error
        line = min(max(line, 1), len(lines))
        if line in seen:  # skipping the line did not help: the cause is above, such as an open bracket
            line = next(
                (number for number in range(line - 1, 0, -1) if number not in seen and lines[number - 1].strip()), 0
            )
            if not line:
                return
        else:
            place = Span(source.name, line, column, line, max(end, column + 1))
            yield Diagnostic(
                "FLOW002",
                f"syntax error: {message}",
                place,
                "Python cannot parse this line",
                how="check this line, and the end of the line before",
            )
        seen.add(line)
        lines[line - 1] = _stand_in(lines[line - 1])
    if not seen and source.root.find(kind="ERROR") is not None:
        node = source.root.find(kind="ERROR")
        assert node is not None
        what = "invalid syntax, or syntax of a newer Python than the one that runs flowc"
        yield Diagnostic(
            "FLOW002",
            f"syntax error: {what}",
            span(source, node),
            "flowc cannot be sure what it means",
            how="check this line, and the end of the line before",
        )


def _stand_in(line: str) -> str:
    """Returns a line that is always valid in place of the broken one: it opens a block if that did."""
    indent = line[: len(line) - len(line.lstrip())]
    code = line.partition("#")[0].rstrip()
    return indent + ("if True:" if code.endswith(":") else "pass")


def syntax_tree(text: str, name: str, mode: str = "exec") -> Any:
    """Returns Python's own syntax tree of the text, made by one thread at a time. Raises what `compile` raises."""
    with _parsing:
        tries = 1
        while True:
            try:
                return compile(text, name, mode, 0x400, dont_inherit=True)  # PyCF_ONLY_AST
            except SystemError:  # other code of this process may parse in a different thread
                if tries > _TRIES:
                    raise
            tries += 1


# Python's parser counts its depth for all threads together (CPython issue 106905), and warning filters are global
_parsing = RLock()
_TRIES = 100


def _refused_by_python(text: str) -> tuple[int, int, int, str] | None:
    """Returns the place (line, column, end column) and the message of Python's first syntax error; runs nothing."""
    import warnings

    try:
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not is_surely_valid(text, "flow"):
                syntax_tree(text, "flow")
    except SyntaxError as error:
        end = error.end_offset if error.end_lineno == error.lineno else None
        return error.lineno or 1, max(error.offset or 1, 1), end or 0, error.msg
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return 1, 1, 2, str(error) or type(error).__name__
    return None
