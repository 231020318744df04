"""The corpus: small flows that show one idiom each, as people write them.

A flow is a file of `flows`, or the file of a folder in `repositories` that has the folder's name, wherever in it. Lines
at its top say what is expected:

    # idiom: what the flow shows
    # expect: compiles          or the codes with which it is refused
    # options: --env A=1        what `flowc check` is given
    # environment: A=1          variables; PYTHONPATH is a folder of the repository
    # metaflow: why not         Metaflow cannot run it here, so nothing is compared with it
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Idiom(NamedTuple):
    path: Path
    root: Path  # the folder that holds all its files
    told: dict[str, str]

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

    def environment(self, root: Path | None = None) -> dict[str, str]:
        """Returns the variables, with paths in `root`, by default where the idiom is."""
        pairs = (word.split("=", 1) for word in shlex.split(self.told.get("environment", "")))
        return {name: str((root or self.root) / text) if name == "PYTHONPATH" else text for name, text in pairs}


def idioms() -> list[Idiom]:
    """Returns every idiom of the corpus, by name."""
    all_idioms = [
        _idiom(path, path.parent) for path in (HERE / "flows").glob("*.py") if not path.name.startswith("lib_")
    ]
    for root in (HERE / "repositories").iterdir():
        if root.is_dir() and root.name != "__pycache__":
            all_idioms.append(_idiom(next(root.rglob(f"{root.name}.py")), root))
    return sorted(all_idioms, key=lambda idiom: idiom.name)


def _idiom(path: Path, root: Path) -> Idiom:
    head = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    return Idiom(path, root, {name: text.strip() for name, _, text in (line.partition(":") for line in head)})
