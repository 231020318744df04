"""Pages with sessions: a page shows of a command exactly what the command prints.

`python -m tests.support.sessions` records the sessions anew.

A page is Markdown. Its commands run one after the other in one empty folder, top to bottom:

- a fenced block under `<!-- file: NAME -->` is written to that file; if NAME is a path of this repository, the block is
  a copy of that file;
- a fenced block of the language `console` holds commands (`$ …`, run by `sh`) and what each prints.

A line that holds only `…` stands for lines that the page leaves out. Between two of these lines, the first and the last
line say which part of the output the page shows; when the page is recorded, all between them is written anew. Commands
in blocks of other languages are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .environment import environment

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "ARCHITECTURE.md", ROOT / "docs" / "optimizer.md", *sorted((ROOT / "docs" / "tutorials").glob("*.md")))
BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LEFT_OUT = "…"


class Unlike(Exception):
    """Raised if the page shows a line that the command does not print. Such a page must be edited by hand."""


def renewed(text: str) -> str:
    """Returns the text of a page with the output of its commands as they print it now. Raises Unlike."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve() / "home"
        folder.mkdir()
        env = _prepared(folder)

        def block(match: re.Match[str]) -> str:
            name, language, body = match.groups()
            if name is not None:
                body = (ROOT / name).read_text(encoding="utf-8") if "/" in name else body
                (folder / Path(name).name).write_text(body, encoding="utf-8")
            elif language == "console":
                body = "".join(_run(command, shown, folder, env) for command, shown in commands(body))
            start, end = match.start(3) - match.start(), match.end(3) - match.start()
            return match[0][:start] + body + match[0][end:]

        return BLOCK.sub(block, text)


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Yields the commands of a block, each with the lines that the block shows of its output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, shown


def _prepared(folder: Path) -> dict[str, str]:
    """Puts a `flowc` on the path, and returns the variables that commands get."""
    binaries = folder.parent / "bin"
    binaries.mkdir()
    (binaries / "flowc").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m flowc "$@"\n')
    (binaries / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    for binary in binaries.iterdir():
        binary.chmod(0o755)
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "PYTHONPATH": str(ROOT), "METAFLOW_USER": "ada", "TERM": "dumb", "COLUMNS": "120"}
    return {**environment("FLOWC_", "AWS_", "METAFLOW_"), **own}


def _run(command: str, shown: list[str], folder: Path, env: dict[str, str]) -> str:
    both = f"exec 2>&1; {command}"
    printed = subprocess.run(["sh", "-c", both], cwd=folder, env=env, capture_output=True, text=True).stdout
    lines = excerpt(shown, steady(printed, folder).splitlines(), command)
    return "".join(f"{line}\n" for line in [f"$ {command}", *lines])


def steady(text: str, folder: Path) -> str:
    """Returns the text without what differs between runs: places, times, digests, the Python that runs the tests."""
    text = text.replace(str(folder), "/home/ada")
    text = re.sub(r"\b\d\d:\d\d:\d\d\b", "09:00:00", text)
    text = re.sub(r"\b\d{10}\.\d+", "1793610000.0", text)
    text = re.sub(r"\b\d+\.\d s\b", "0.3 s", text)
    text = re.sub(r'("python": ?)"[\d.]+"', r'\1"3.12.3"', text)
    text = re.sub(r'("platform": ?)"\w+"', r'\1"linux"', text)
    # marks in tracebacks of newer Pythons
    text = re.sub(r"^(?:\S+ \[[^]\n]+\])? *[~^][ ~^]*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r'("sum": ?)"[0-9a-f]{16}"', r'\1"SUM"', text)
    return re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)


def excerpt(shown: list[str], output: list[str], command: str) -> list[str]:
    """Returns the part of the output that the page shows, as it is now.

    >>> excerpt(["…", "b", "old", "d", "…"], list("abcde"), "print")
    ['…', 'b', 'c', 'd', '…']
    """
    parts: list[list[str]] = [[]]
    marks = []
    for line in shown:
        if line.strip() == LEFT_OUT:
            marks.append(line)
            parts.append([])
        else:
            parts[-1].append(line)
    lines: list[str] = []
    position = 0
    for number, part in enumerate(parts):
        opens, closes = number == 0, number == len(parts) - 1
        if part or (opens and closes):
            start = 0 if opens else _found(part[0], output, position, command)
            if closes:
                position = len(output)
            else:
                expected = start + len(part) - 1
                exact = expected < len(output) and output[expected] == part[-1]
                position = 1 + (expected if exact else _found(part[-1], output, start + (len(part) > 1), command))
            lines += output[start:position]
        lines += marks[number : number + 1]
    return lines


def _found(line: str, output: list[str], start: int, command: str) -> int:
    try:
        return output.index(line, start)
    except ValueError:
        place = f" after line {start}" if start else ""
        raise Unlike("\n".join([f"`{command}` prints no line `{line}`{place}:", *output])) from None


def main() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(renewed(text), encoding="utf-8")


if __name__ == "__main__":
    main()
