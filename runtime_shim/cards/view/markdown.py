"""Markdown as HTML: CommonMark's usual forms, with GitHub's tables, task lists, strikethrough and bare links.

The result has only the tags that this file writes. HTML in the text is shown as text. Links lead to `http`, `https`,
`mailto` or a place in the page. An image must be in the text itself (`data:`).

>>> html_of("# A *b*\\n\\n<script>x</script> [l](javascript:x) `c`").replace("\\n", "")
'<h3>A <em>b</em></h3><p>&lt;script&gt;x&lt;/script&gt; l <code>c</code></p>'
"""

from __future__ import annotations

import re
from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Match, Optional, Tuple

DEEPEST = 12  # levels of nested lists and quotes; deeper text is shown unchanged
HEADING = 3  # of a card whose title is the page's first, and whose sections are the second
_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})([^`]*)$")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_ITEM = re.compile(r"( {0,3})([*+-]|\d{1,9}[.)])(?:( {1,4})(?=\S)|[ \t]|$)")
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_INLINE = re.compile(
    r"""(?P<escape>\\[!-/:-@\[-`{-~]) | (?P<ticks>`+) | (?P<auto><(?:https?://|mailto:)[^<>\s]*>)
    | (?P<image>!\[) | (?P<link>\[) | (?P<stars>\*+) | (?P<bars>_+) | (?P<strike>~~)
    | (?P<bare>\bhttps?://[^\s<>"'`]*[^\s<>"'`.,:;!?)\]*_~]) | (?P<hard>\ {2,}\n|\\\n)""",
    re.X,
)
_MOST_INLINE = 100_000  # characters of one paragraph that are looked at for emphasis and links


def html_of(text: str) -> str:
    """Returns the text as HTML."""
    return _blocks(text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n"), 0)


def safe_link(target: str) -> Optional[str]:
    """Returns the target of a link unchanged, or None for one that a page must not lead to.

    >>> safe_link("https://x"), safe_link("java\\nscript:x"), safe_link("#top"), safe_link("//x")
    ('https://x', None, '#top', None)
    """
    target = target.strip()
    if any(ord(character) <= 32 or ord(character) == 127 for character in target):
        return None
    return target if target.lower().startswith(("http://", "https://", "mailto:", "#")) else None


def _blocks(lines: List[str], depth: int, tight: bool = False) -> str:
    if depth > DEEPEST:
        return f"<pre>{escape(chr(10).join(lines))}</pre>"
    blocks: List[str] = []
    paragraph: List[str] = []

    def end_paragraph() -> None:
        if paragraph:
            text = _inline(
                "\n".join(
                    line.strip(" ") if at == len(paragraph) - 1 else line.lstrip(" ")
                    for at, line in enumerate(paragraph)
                )
            )
            blocks.append(text if tight else f"<p>{text}</p>")
            paragraph.clear()

    at = 0
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        heading = _HEADING.match(line)
        item = _ITEM.match(line)
        if not line.strip():
            end_paragraph()
            at += 1
        elif fence:
            end_paragraph()
            at, content = _fenced(lines, at, fence)
            blocks.append(f"<pre><code>{escape(content)}</code></pre>")
        elif heading:
            end_paragraph()
            blocks.append(_heading(len(heading.group(1)), heading.group(2) or ""))
            at += 1
        elif paragraph and re.match(r" {0,3}(=+|-+) *$", line):
            text = " ".join(line.strip() for line in paragraph)
            paragraph.clear()
            blocks.append(_heading(1 if "=" in line else 2, text))
            at += 1
        elif _RULE.match(line):
            end_paragraph()
            blocks.append("<hr>")
            at += 1
        elif line.lstrip(" ").startswith(">") and len(line) - len(line.lstrip(" ")) < 4:
            end_paragraph()
            inside: List[str] = []
            while at < len(lines) and lines[at].strip() and (lines[at].lstrip(" ").startswith(">") or inside):
                inside.append(re.sub(r"^ {0,3}> ?", "", lines[at]))
                at += 1
            blocks.append(f"<blockquote>{_blocks(inside, depth + 1)}</blockquote>")
        elif item and (
            not paragraph or (line.strip() not in ("*", "+", "-") and item.group(2) in ("*", "+", "-", "1.", "1)"))
        ):
            end_paragraph()
            at, text = _list(lines, at, item, depth)
            blocks.append(text)
        elif not paragraph and line.startswith("    "):
            code = []
            while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
                code.append(lines[at][4:])
                at += 1
            while code and not code[-1].strip():
                code.pop()
            blocks.append(f"<pre><code>{escape(chr(10).join(code))}{chr(10)}</code></pre>")
        elif "|" in line and at + 1 < len(lines) and "-" in lines[at + 1] and _is_table(line, lines[at + 1]):
            end_paragraph()
            at, text = _table(lines, at)
            blocks.append(text)
        else:
            paragraph.append(line)
            at += 1
    end_paragraph()
    return "\n".join(blocks)


def _heading(level: int, text: str) -> str:
    level = min(level + HEADING - 1, 6)
    return f"<h{level}>{_inline(text.strip())}</h{level}>"


def _fenced(lines: List[str], at: int, fence: Match[str]) -> Tuple[int, str]:
    """Returns (the number of the line after a fenced block of code, its content)."""
    indent, mark = len(fence.group(1)), fence.group(2)
    content = []
    at += 1
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.strip(" ").strip(mark[0]) == "" and line.strip().startswith(mark):
            break
        content.append(line[min(indent, len(line) - len(line.lstrip(" "))) :])
    return at, "".join(line + "\n" for line in content)


def _list(lines: List[str], at: int, first: Match[str], depth: int) -> Tuple[int, str]:
    """Returns (the number of the line after a list, its HTML)."""
    mark = first.group(2)
    is_ordered = mark[-1] in ".)"
    items: List[List[str]] = []
    loose = False
    indent = 0
    while at < len(lines):
        line = lines[at]
        match = _ITEM.match(line)
        starts = match is not None and match.group(2)[-1] == mark[-1] and not _RULE.match(line)
        if match is not None and starts and (not items or len(line) - len(line.lstrip(" ")) < indent):
            if items and items[-1] and not items[-1][-1].strip():
                loose = True
            indent = len(match.group(1)) + len(match.group(2)) + len(match.group(3) or " ")
            items.append([line[indent:]])
        elif not line.strip():
            items[-1].append("")
        elif len(line) - len(line.lstrip(" ")) >= indent:
            if not items[-1][-1].strip() and len(items[-1]) > 1:
                loose = True
            items[-1].append(line[indent:])
        elif items[-1][-1].strip() and match is None and not _begins_a_block(line):
            items[-1].append(line.strip())  # the paragraph of the item goes on
        else:
            break
        at += 1
    items_html = "\n".join(_item(item, depth, not loose) for item in items)
    start = int(mark[:-1]) if is_ordered else 1
    opening = f'<ol start="{start}">' if start != 1 else "<ol>" if is_ordered else "<ul>"
    return at, f"{opening}\n{items_html}\n</{'ol' if is_ordered else 'ul'}>"


def _begins_a_block(line: str) -> bool:
    return bool(_HEADING.match(line) or _FENCE.match(line) or _RULE.match(line)) or line.lstrip().startswith(">")


def _item(lines: List[str], depth: int, tight: bool) -> str:
    task = _TASK.match(lines[0])
    box = ""
    if task:
        is_done = task.group(1) != " "
        box = (
            f'<input type="checkbox" disabled{" checked" if is_done else ""} '
            f'aria-label="{"done" if is_done else "to do"}"> '
        )
        lines = [lines[0][task.end() :], *lines[1:]]
    return f"<li>{box}{_blocks(lines, depth + 1, tight)}</li>"


def _cells(line: str) -> List[str]:
    cells = re.split(r"(?<!\\)\|", line.strip())
    cells = cells[1:] if cells and not cells[0].strip() and line.strip().startswith("|") else cells
    cells = cells[:-1] if cells and not cells[-1].strip() and line.strip().endswith("|") else cells
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _is_table(head: str, delimiters: str) -> bool:
    return bool(_DELIMITERS.match(delimiters)) and len(_cells(head)) == len(_cells(delimiters))


def _table(lines: List[str], at: int) -> Tuple[int, str]:
    head = _cells(lines[at])
    sides = [(cell.startswith(":"), cell.endswith(":")) for cell in _cells(lines[at + 1])]
    classes = [
        "" if not any(side) else f' class="{"center" if all(side) else "right" if side[1] else "left"}"'
        for side in sides
    ]
    rows = []
    at += 2
    while at < len(lines) and lines[at].strip() and not _HEADING.match(lines[at]) and not _FENCE.match(lines[at]):
        rows.append((_cells(lines[at]) + [""] * len(head))[: len(head)])
        at += 1
    top = "".join(f'<th scope="col"{side}>{_inline(cell)}</th>' for cell, side in zip(head, classes))
    body = "\n".join(
        "<tr>" + "".join(f"<td{side}>{_inline(cell)}</td>" for cell, side in zip(row, classes)) + "</tr>"
        for row in rows
    )
    return (
        at,
        f'<div class="wide" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table></div>',
    )


class _Run:
    """A run of `*` or `_` that may open or close emphasis, or plain HTML."""

    def __init__(self, html: str, char: str = "", count: int = 0, opens: bool = False, closes: bool = False) -> None:
        self.html, self.char, self.count, self.opens, self.closes = html, char, count, opens, closes
        self.before, self.after = "", ""  # tags that replace its marks


def _inline(text: str, links: bool = True) -> str:
    if len(text) > _MOST_INLINE:
        return escape(text)
    runs: List[_Run] = []
    brackets = _brackets(text) if "[" in text else {}
    at = 0
    while True:
        match = _INLINE.search(text, at)
        if match is None:
            runs.append(_Run(escape(text[at:])))
            break
        runs.append(_Run(escape(text[at : match.start()])))
        at = _mark(text, match, runs, links, brackets)
    _emphasize(runs)
    return "".join(run.html + run.before + run.char * run.count + run.after for run in runs)


def _mark(text: str, match: Match[str], runs: List[_Run], links: bool, brackets: Dict[int, int]) -> int:
    """Adds the element that begins at a special character; returns the position after it."""
    kind, matched, end = match.lastgroup, match.group(), match.end()
    if kind == "escape":
        runs.append(_Run(escape(matched[1])))
    elif kind == "ticks":
        close = re.compile(rf"(?<!`){matched}(?!`)").search(text, end)
        if close is not None:
            content = text[end : close.start()].replace("\n", " ")
            if content.startswith(" ") and content.endswith(" ") and content.strip():
                content = content[1:-1]
            runs.append(_Run(f"<code>{escape(content)}</code>"))
            return close.end()
        runs.append(_Run(matched))
    elif kind in ("auto", "bare"):
        target = matched[1:-1] if kind == "auto" else matched
        runs.append(_Run(_link(target, escape(target)) if links else escape(target)))
    elif kind in ("image", "link"):
        whole = _bracketed(text, end, brackets.get(end, -1)) if links or kind == "image" else None
        if whole is None:
            runs.append(_Run(escape(matched)))
        else:
            label, target, after = whole
            runs.append(
                _Run(_picture(label, target) if kind == "image" else _link(target, _inline(label, links=False)))
            )
            return after
    elif kind == "hard":
        runs.append(_Run("<br>\n"))
    elif kind == "strike":
        close_at = text.find("~~", end)
        if close_at > end:
            runs.append(_Run(f"<del>{_inline(text[end:close_at], links)}</del>"))
            return close_at + 2
        runs.append(_Run(matched))
    else:
        first = text[match.start() - 1] if match.start() else " "
        last = text[end] if end < len(text) else " "
        opens = not last.isspace() and (last.isalnum() or first.isspace() or not first.isalnum())
        closes = not first.isspace() and (first.isalnum() or last.isspace() or not last.isalnum())
        if kind == "bars":
            opens, closes = opens and (not closes or not first.isalnum()), closes and (not opens or not last.isalnum())
        runs.append(_Run("", matched[0], len(matched), opens, closes))
    return end


def _brackets(text: str) -> Dict[int, int]:
    """Returns the position of the `]` for the position after each `[` that is closed."""
    partners: Dict[int, int] = {}
    waiting: List[int] = []
    for match in re.finditer(r"\\.|[\[\]]", text, re.S):
        if match.group() == "[":
            waiting.append(match.end())
        elif match.group() == "]" and waiting:
            partners[waiting.pop()] = match.start()
    return partners


def _bracketed(text: str, start: int, close: int) -> Optional[Tuple[str, str, int]]:
    """Returns (label, target, position after) of `label](target "title")`, whose `]` is at `close`."""
    at = close + 1
    if close < 0 or text[at : at + 1] != "(":
        return None
    label = text[start:close]
    match = re.compile(r"\(\s*(<[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)").match(
        text, at
    )
    if match is None:
        picture = re.compile(r"\(\s*(data:image/[a-z+]+;base64,[A-Za-z0-9+/=\s]*)\)").match(text, at)
        return None if picture is None else (label, picture.group(1), picture.end())
    return label, match.group(1).strip("<>"), match.end()


def _link(target: str, html: str) -> str:
    link = safe_link(target)
    return html if link is None else f'<a href="{escape(link)}" target="_blank" rel="noopener noreferrer">{html}</a>'


def _picture(label: str, target: str) -> str:
    if target.startswith("data:image/"):
        return f'<img src="{escape(target)}" alt="{escape(label)}">'
    return _link(target, escape(label or target))  # remote pictures are not fetched


def _emphasize(runs: List[_Run]) -> None:
    """Pairs opening with closing runs (CommonMark, Emphasis and strong emphasis)."""
    open_runs: List[_Run] = []
    for run in runs:
        if not run.char:
            continue
        while run.closes and run.count:
            at = next((at for at in range(len(open_runs) - 1, -1, -1) if open_runs[at].char == run.char), -1)
            if at < 0:
                break
            opener = open_runs[at]
            size = 2 if opener.count > 1 and run.count > 1 else 1
            tag = "strong" if size == 2 else "em"
            opener.count -= size
            run.count -= size
            opener.after = f"<{tag}>{opener.after}"
            run.before += f"</{tag}>"
            del open_runs[at + 1 :]
            if not opener.count:
                open_runs.pop()
        if run.opens and run.count:
            open_runs.append(run)
            del open_runs[:-100]
