"""The code of the flow's module in a task: the same as `compile` returns, without `compile`."""

from __future__ import annotations

import gc
import marshal
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.runtime_shim.fast_start import compile_module

from tests.support.pythons import pythons

SOURCES = [
    b"", b"x = 1\n", b"'doc'\nimport os\nclass C:\n    def f(self): return [each for each in (lambda: 'a')()]\n",
    b"from __future__ import annotations\ndef f(x: no): pass\n", b"def f(x: int) -> 'y': pass\n", "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
    "x = 'é'\n".encode(), b"\xef\xbb\xbfx = 1\n", b"raise SystemExit\n", b"while True: pass\n", b"x = 1\r\ny = 2\r\n",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_the_code_is_that_of_compile(source: bytes) -> None:
    code = compile_module.module_code(source, "/a/flow.py")
    assert code is not None
    assert marshal.dumps(code) == marshal.dumps(compile(source, "/a/flow.py", "exec", dont_inherit=True))


def test_callbacks_of_the_garbage_collector_run_undisturbed() -> None:
    before, seen = gc.get_threshold(), []

    def called(phase: str, info: dict[str, int]) -> None:
        seen.append(phase)
        seen.append(f"{phase} to its end")

    gc.callbacks.append(called)
    gc.set_threshold(1)
    try:
        code = compile_module.module_code(SOURCES[2] * 20, "/a/flow.py")
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(called)
    assert code is not None and code.co_filename == "/a/flow.py"
    assert seen and seen.count("start") == seen.count("start to its end") == seen.count("stop to its end")


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_a_signal_gets_through(raised: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise raised

    monkeypatch.setattr(compile_module, "_run", interrupted)
    with pytest.raises(raised):
        compile_module.module_code(b"x = 1\n", "/a/flow.py")


@pytest.mark.parametrize(
    "source",
    [
        b"x = = 1\n",
        b"x = '\xff'\n",
        b"\0",
        b"x = 1 is 1\n",
        b"'\\d'\n" if sys.version_info >= (3, 12) else b"assert (1, 2)\n",
    ],
)
def test_what_python_has_to_say_of_it_is_left_to_compile(source: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    assert compile_module.module_code(source, "/a/flow.py") is None
    assert capsys.readouterr() == ("", "")


def test_who_traces_goes_on_tracing() -> None:
    def trace(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert compile_module.module_code(b"x = 1\n", "/a/flow.py") is not None
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


WARNS = "import sys\nx = 1 is 1\n\n\nclass F:\n    here = __file__\n"


@pytest.mark.parametrize("python", pythons().values(), ids=[str(python) for python in pythons()])
def test_warnings_and_errors_name_the_file(python: str, tmp_path: Path) -> None:
    from flowc.runtime_bundle import write_folder

    write_folder(str(tmp_path / "runtime"))
    (tmp_path / "flow.py").write_text(WARNS)
    (tmp_path / "wrong.py").write_text("x = = 1\n")
    (tmp_path / "fails.py").write_text("def f():\n    raise KeyError(1)\n\n\nf()\n")
    script = """
import sys
sys.path.insert(0, sys.argv[1])
from flowc.runtime_shim.user_code import flow_module
print(flow_module.import_flow(sys.argv[2], sys.argv[3], "F", once=True).here)
"""
    flow, wrong, fails = (
        subprocess.run(
            [python, "-S", "-c", script, tmp_path / "runtime", tmp_path, f"{name}.py"], capture_output=True, text=True
        )
        for name in ("flow", "wrong", "fails")
    )
    assert flow.stdout.strip() == str(tmp_path / "flow.py")
    assert f"{tmp_path / 'flow.py'}:2: SyntaxWarning" in flow.stderr and flow.stderr.count("SyntaxWarning") == 1
    assert f'File "{tmp_path / "wrong.py"}", line 1\n    x = = 1' in wrong.stderr
    assert f'File "{tmp_path / "fails.py"}", line 2, in f\n    raise KeyError(1)' in fails.stderr
    assert not list(tmp_path.glob("__pycache__"))
