"""Changes of the source that change a step's fingerprint, and others that do not."""

from __future__ import annotations

from pathlib import Path

from flowc.compiler.package.fingerprint import fingerprints
from flowc.compiler.pipeline import load

FLOW = """from metaflow import FlowSpec, retry, step
import other

K = 1


class F(FlowSpec):
    @step
    def start(self):
        self.x = self.help()
        self.next(self.middle)

    @retry(times=1)
    @step
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        self.middle.__doc__

    def help(self):
        return K
"""


def changed(folder: Path, old: str, new: str, file: str = "flow.py") -> set[str]:
    """Returns the steps whose fingerprints change when `old` is replaced."""
    texts = {"flow.py": FLOW, "other.py": "V = 1\n"}
    prints = []
    for replaced in (False, True):
        for name, text in texts.items():
            assert name != file or old in text
            (folder / name).write_text(text.replace(old, new) if replaced and name == file else text)
        prints.append(fingerprints(load(str(folder / "flow.py"))))
    return {step for step in prints[0] if prints[0][step] != prints[1][step]}


def test_fingerprints(tmp_path: Path) -> None:
    everything = {"start", "middle", "end"}
    assert changed(tmp_path, "self.x = self.help()", "self.x = self.help() + 1") == {"start"}
    assert changed(tmp_path, "return K", "return K + 1") == everything
    assert changed(tmp_path, "K = 1", "K = 2") == everything
    assert changed(tmp_path, "V = 1", "V = 2", "other.py") == everything
    assert changed(tmp_path, "times=1", "times=2") == {"middle", "end"}, "`end` uses `middle` otherwise than in next"
    assert changed(tmp_path, "self.next(self.end)", "self.next( self.end)") == {"middle", "end"}
    assert changed(tmp_path, "K = 1", "K  =  1") == everything, "text, not meaning"
