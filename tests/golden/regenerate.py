"""Golden files: every flow of `tests/flows`, and the wine example, compiled to every target.

`python -m tests.golden.regenerate` (part of `make golden`) writes them anew.

They are there to be read: a change of what is emitted shows as a difference that somebody reviews. Where a target refuses a flow, the file
is what it says.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from flowc.targets.target import names

from flowc import cli

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FLOWS = {each.stem: each for each in sorted((HERE.parent / "flows").glob("*.py")) if each.stem != "__init__"}
FLOWS["wine"] = ROOT / "examples" / "wine" / "flow.py"


class Broken(Exception):
    """flowc did not compile the flow, and did not refuse it either; `args[0]` says what it did."""


def compiled(flow: Path, target: str, folder: Path) -> dict[str, str]:
    """Returns what `flowc compile` makes of the flow for one target: file name → text. Raises Broken when flowc itself cannot work."""
    import contextlib
    import io
    import os

    said = io.StringIO()
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = cli.main(
                [
                    "compile",
                    str(flow.relative_to(ROOT)),
                    "--target",
                    target,
                    "--store",
                    "s3://bucket/flows",
                    "--quiet",
                    "-o",
                    str(folder),
                ]
            )
    finally:
        os.chdir(before)
    if code and (code != 1 or "error[FLOW" not in said.getvalue()):
        raise Broken(f"`flowc compile` of {flow.name} for {target} ends with status {code}:\n{said.getvalue()}")
    if code:
        return {"refused.txt": said.getvalue()}
    found = [each for each in sorted(folder.rglob("*")) if each.is_file() and each.suffix not in (".gz", ".sha256")]
    return {each.name: each.read_text(encoding="utf-8") for each in found}


def main() -> int:
    import tempfile

    texts: dict[Path, str] = {}
    for name, flow in FLOWS.items():
        for target in names():
            with tempfile.TemporaryDirectory() as made:
                try:
                    found = compiled(flow, target, Path(made))
                except Broken as error:
                    print(f"nothing is written: {error}", file=sys.stderr)
                    return 1
                texts.update(
                    {
                        HERE / name / (f"{target}-{file}" if file == "refused.txt" else file): text
                        for file, text in found.items()
                    }
                )
    for folder in HERE.iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            shutil.rmtree(folder)
    for place, text in texts.items():
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
