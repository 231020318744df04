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
FLOWS = {path.stem: path for path in sorted((HERE.parent / "flows").glob("*.py")) if path.stem != "__init__"}
FLOWS["wine"] = ROOT / "examples" / "wine" / "flow.py"
# what several tasks per container make of some of them: folder → the flow, and further options
OPTIMIZED = (
    "branches_in_foreach_in_branch",
    "decorated",
    "loop_in_foreach",
    "nested_foreach",
    "switch_meeting",
    "wine",
)
VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {f"{name}_optimized": (name, ("--optimize",)) for name in OPTIMIZED}
# and, of one target, of a loop whose visits are pods
VARIANTS["recursive_switch_of_pods"] = ("recursive_switch", ("--max-visits", "96"))
CASES = [
    (name, target) for name in (*FLOWS, *VARIANTS) for target in names() if "_of_pods" not in name or target == "argo"
]


class Broken(Exception):
    """flowc did not compile the flow, and did not refuse it either; `args[0]` says what it did."""


def compiled(name: str, target: str, folder: Path) -> dict[str, str]:
    """Returns what `flowc compile` makes of a case for one target: file name → text. Raises Broken when flowc itself cannot work."""
    of, options = VARIANTS.get(name, (name, ()))
    flow = FLOWS[of]
    import contextlib
    import io
    import os

    printed = io.StringIO()
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(io.StringIO()):
            code = cli.main(
                [
                    "compile",
                    str(flow.relative_to(ROOT)),
                    "--target",
                    target,
                    "--store",
                    "s3://bucket/flows",
                    "--quiet",
                    *options,
                    "-o",
                    str(folder),
                ]
            )
    finally:
        os.chdir(before)
    if code and (code != 1 or "error[FLOW" not in printed.getvalue()):
        raise Broken(f"`flowc compile` of {flow.name} for {target} ends with status {code}:\n{printed.getvalue()}")
    if code:
        return {"refused.txt": printed.getvalue()}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".gz", ".sha256")]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def main() -> int:
    import tempfile

    texts: dict[Path, str] = {}
    for name, target in CASES:
        with tempfile.TemporaryDirectory() as output:
            try:
                new = compiled(name, target, Path(output))
            except Broken as error:
                print(f"nothing is written: {error}", file=sys.stderr)
                return 1
            texts.update(
                {
                    HERE / name / (f"{target}-{file}" if file == "refused.txt" else file): text
                    for file, text in new.items()
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
