"""Mutations of flows, as editors, merges, generators and hostile people make them: bytes in, bytes out, seeded."""

from __future__ import annotations

import random
import re

TOKENS = re.compile(r"\w+|[^\w\s]|\s+")
WORDS = (
    "self next inputs step FlowSpec foreach condition num_parallel None True False lambda yield await async def class return import from with "
    "Parameter Config IncludeFile config_expr retry catch timeout resources schedule project start end join index input _ __init__ del global"
).split()
PIECES = (
    "self.next(self.end)", "self.next(self.start, foreach='xs')", "self.next({1: self.a, 2: self.b}, condition='c')", "self.next(*steps)", "@step", "@retry(times=",
    "@step\n    def start(self):\n        pass\n", "self.next(self.a, self.b)", "def join(self, inputs):", "self.merge_artifacts(inputs)", "'''", '"""', "\\", "#",
    "f'{self.x!r:>{w}}'", "10**10**10", "'a' * 10**9", "[[x for y in range(10**9)] for x in range(10**9)]", "(" * 50, "lambda: " * 30, "{" * 40 + "}" * 40, "-" * 300,
    "match x:\n        case 1: pass", "x: int = 1", "if True:", "else:", "try:", "while 1: pass", "for i in inputs: i.x", "global self", "(yield)", "self = 1", "del self.x",
    "\u202e", "\u0000", "\ufeff", "é", "𝔘", "\U0001f600", "\x1b[31m", "\x0c", "\u2028", "﹫step", "ｓｅｌｆ", "\t", "        ",
)  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Returns the source after one to five random mutations; after one, it is often still a flow."""
    for _ in range(chance.choice([1, 1, 1, 1, 2, 2, 3, 5])):
        data = chance.choice(MUTATIONS)(data, chance)[: 1 << 20]
    return data


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _tokens(data: bytes, chance: random.Random) -> bytes:
    """Deletes, doubles, swaps or replaces tokens."""
    tokens = TOKENS.findall(_text(data)) or [""]
    for _ in range(chance.randint(1, 4)):
        one, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        how = chance.randrange(5)
        if how == 0:
            tokens[one] = ""
        elif how == 1:
            tokens[one] *= 2
        elif how == 2:
            tokens[one], tokens[other] = tokens[other], tokens[one]
        elif how == 3:
            tokens[one] = chance.choice(WORDS)
        else:
            tokens[one] = tokens[other]
    return "".join(tokens).encode("utf-8", "replace")


def _lines(data: bytes, chance: random.Random) -> bytes:
    """Deletes, doubles, moves, indents or cuts off lines."""
    lines = _text(data).split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    how = chance.randrange(6)
    if how == 0:
        del lines[min(one, other) : max(one, other)][:5]
    elif how == 1:
        lines.insert(other, lines[one])
    elif how == 2:
        lines[one], lines[other] = lines[other], lines[one]
    elif how == 3:
        lines[one] = chance.choice(["\t", " ", "    ", ""]) + lines[one].lstrip()
    elif how == 4:
        lines = lines[: one + 1]
    else:
        lines[min(one, other) : max(one, other)] = lines[min(one, other) : max(one, other)] * 2
    return "\n".join(lines).encode("utf-8", "replace")


def _insert(data: bytes, chance: random.Random) -> bytes:
    text = _text(data)
    at = chance.randrange(len(text) + 1)
    return (text[:at] + chance.choice(PIECES) + text[at:]).encode("utf-8", "replace")


def _statement(data: bytes, chance: random.Random) -> bytes:
    """Puts a statement where one may stand."""
    lines = _text(data).split("\n")
    at = chance.randrange(len(lines))
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines.insert(at, indent + chance.choice(PIECES))
    return "\n".join(lines).encode("utf-8", "replace")


def _bytes(data: bytes, chance: random.Random) -> bytes:
    """Flips, drops or adds bytes anywhere."""
    content = bytearray(data or b" ")
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(content))
        content[at : at + chance.randint(0, 2)] = bytes([chance.randrange(256)] * chance.randint(0, 2))
        content = content or bytearray(b" ")
    return bytes(content)


def _encoding(data: bytes, chance: random.Random) -> bytes:
    """Changes newlines, marks and encodings."""
    how = chance.randrange(7)
    if how == 0:
        return data.replace(b"\n", b"\r\n")
    if how == 1:
        return data.replace(b"\n", b"\r")
    if how == 2:
        return b"\xef\xbb\xbf" + data
    if how == 3:
        return data.replace(b"    ", b"\t")
    if how == 4:
        return _text(data).encode(chance.choice(["utf-16", "latin-1", "utf-32", "cp1252", "utf-7"]), "replace")
    if how == 5:
        return (
            b"# -*- coding: "
            + chance.choice([b"latin-1", b"rot13", b"utf-7", b"nope", b"zlib", b"unicode_escape"])
            + b" -*-\n"
            + data
        )
    return data + chance.choice([b"", b"\\", b"\n\n\n", b"\x1a", b"\0", b"'''", b"("])


def _nest(data: bytes, chance: random.Random) -> bytes:
    """Nests blocks or brackets deeply."""
    deep = chance.choice([10, 60, 150, 400])
    how = chance.randrange(4)
    if how == 0:
        return data + b"\n" + b"".join(b" " * index + b"if True:\n" for index in range(deep)) + b" " * deep + b"pass\n"
    if how == 1:
        return data.replace(b"1", b"(" * deep + b"1" + b")" * deep, 1)
    if how == 2:
        return data.replace(b"1", b"[" * deep + b"1" + b"]" * deep, 1)
    return data.replace(b"1", b"1" + b" + 1" * deep * 5, 1)


def _huge(data: bytes, chance: random.Random) -> bytes:
    """Makes one thing very large."""
    how = chance.randrange(4)
    if how == 0:
        return data.replace(b"start", b"s" * 5000)
    if how == 1:
        return data + b"\nX = [" + b"1, " * 20000 + b"]\n"
    if how == 2:
        return data + b"\nX = '" + b"x" * 100000 + b"'\n"
    return data.replace(b"1", b"9" * chance.choice([50, 5000]), 1)


MUTATIONS = (
    _tokens,
    _tokens,
    _tokens,
    _lines,
    _lines,
    _statement,
    _statement,
    _insert,
    _insert,
    _bytes,
    _encoding,
    _nest,
    _huge,
)
