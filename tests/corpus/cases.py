"""The corpus: small flows that show one idiom each, as people write them.

A flow is a file of `flows`, in a folder for each topic, or the file of a folder in `repositories` that has the folder's
name, wherever in it. Other files there are modules and data of the flows beside them. Lines at the top of a flow say what
is expected:

    # idiom: what the flow shows
    # expect: compiles          or the codes with which it is refused
    # options: --env A=1        what `flowc check` and `flowc compile` are given
    # environment: A=1          variables; PYTHONPATH is a folder of the repository
    # arguments: --alpha 3      parameters of a run; each such line is a run
    # refused: argo FLOW510     a target that refuses it, with its codes; each such line is a target
    # metaflow: why not         Metaflow cannot run it here. Then one of these two lines says what a run leaves:
    # leaves: a = 1; b = "x"    artifacts of the last step
    # run: why not              flowc cannot run it here either

What runs of the others leave is compared with what Metaflow's leave (`tests/differential`).
"""

from __future__ import annotations

import ast
import shlex
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Idiom(NamedTuple):
    path: Path
    root: Path  # the folder that holds all its files
    told: dict[str, str]
    refused: dict[str, list[str]]  # target → codes

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def expected(self) -> list[str]:
        return [] if self.told["expect"] == "compiles" else sorted(self.told["expect"].split())

    @property
    def options(self) -> list[str]:
        return shlex.split(self.told.get("options", ""))

    @property
    def is_compared(self) -> bool:
        """True if Metaflow can run the flow too."""
        return not self.expected and "metaflow" not in self.told

    @property
    def leaves(self) -> dict[str, str]:
        """Returns the `repr` of artifacts that the last step leaves, where nothing is compared."""
        pairs = (pair.split("=", 1) for pair in self.told.get("leaves", "").split(";") if pair.strip())
        return {name.strip(): repr(ast.literal_eval(text.strip())) for name, text in pairs}

    def environment(self, root: Path | None = None) -> dict[str, str]:
        """Returns the variables, with paths in `root`, by default where the idiom is."""
        pairs = (word.split("=", 1) for word in shlex.split(self.told.get("environment", "")))
        return {name: str((root or self.root) / text) if name == "PYTHONPATH" else text for name, text in pairs}


def idioms() -> list[Idiom]:
    """Returns every idiom of the corpus, by name."""
    files = [
        path for path in (HERE / "flows").rglob("*.py") if "\n# idiom: " in "\n" + path.read_text(encoding="utf-8")
    ]
    all_idioms = [_idiom(path, path.parent) for path in files]
    for root in (HERE / "repositories").iterdir():
        if root.is_dir() and root.name != "__pycache__":
            all_idioms.append(_idiom(next(root.rglob(f"{root.name}.py")), root))
    return sorted(all_idioms, key=lambda idiom: idiom.name)


def _idiom(path: Path, root: Path) -> Idiom:
    head = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    lines = [(kind, text.strip()) for kind, _, text in (line.partition(":") for line in head)]
    refused = {words[0]: sorted(words[1:]) for words in (text.split() for kind, text in lines if kind == "refused")}
    return Idiom(path, root, dict(lines), refused)
