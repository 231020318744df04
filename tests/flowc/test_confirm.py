"""The question before something is written: asked on a terminal only."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from flowc.contexts import Context
from flowc.deploying.confirm import confirm
from flowc.terminal import Failure

ASK = """
import sys
from flowc.contexts import Context
from flowc.deploying.confirm import confirm
from flowc.terminal import Failure
try:
    confirm("Deploy train", "train", Context("prod", protected={protected}), {yes})
    print("went on")
except Failure as error:
    print(error)
"""


def on_a_terminal(answer: bytes, protected: bool, yes: bool) -> str:
    """Returns what a process prints whose terminal gives the answer."""
    ours, theirs = pty.openpty()
    program = ASK.format(protected=protected, yes=yes)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True
    )
    os.write(ours, answer)
    printed, _ = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    return printed.strip()


@pytest.mark.parametrize(
    ("answer", "protected", "yes", "goes_on"),
    [
        (b"y\n", False, False, True),
        (b"n\n", False, False, False),
        (b"\n", False, False, False),
        (b"\x04", False, False, False),  # the end of the input
        (b"", False, True, True),
        (b"train\n", True, True, True),
        (b"yes\n", True, True, False),
    ],
)
def test_on_a_terminal(answer: bytes, protected: bool, yes: bool, goes_on: bool) -> None:
    assert on_a_terminal(answer, protected, yes) == ("went on" if goes_on else "nothing was changed")


def test_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    protected = Context("prod", protected=True)
    monkeypatch.delenv("FLOWC_APPROVE", raising=False)
    with pytest.raises(Failure, match="add `--yes`"):
        confirm("Deploy train", "train", Context(), False)
    confirm("Deploy train", "train", Context(), True)
    with pytest.raises(Failure, match="set FLOWC_APPROVE=prod as well"):
        confirm("Deploy train", "train", protected, True)
    monkeypatch.setenv("FLOWC_APPROVE", "staging")
    with pytest.raises(Failure, match="set FLOWC_APPROVE=prod as well"):
        confirm("Deploy train", "train", protected, True)
    monkeypatch.setenv("FLOWC_APPROVE", "prod")
    confirm("Deploy train", "train", protected, True)
