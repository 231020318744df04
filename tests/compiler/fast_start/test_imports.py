"""The quick finder gives the modules that Python's own finder gives, also when bytecode is of no use."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

SHOW = """
import importlib, sys
{before}
for name in ("flowc.compiler.ir", "flowc.compiler.ir.nodes", "flowc.runtime_shim.contract.version"):
    module = importlib.import_module(name)
    spec = module.__spec__
    print(module.__file__, module.__cached__, module.__package__, getattr(module, "__path__", None))
    print(spec.name, spec.origin, spec.cached, spec.parent, spec.has_location, spec.submodule_search_locations)
print(type(spec.loader).__name__, file=sys.stderr)
"""
QUICK = "from flowc.compiler.fast_start.imports import import_quickly\nimport_quickly({package!r})\n"
LOAD = QUICK.format(package="pack") + "import pack.part\nprint(pack.part.VALUE, pack.part.__file__)"


def _python(code: str, *options: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**_usual(), **variables},
    )


def _usual() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}


def test_modules_have_the_attributes_that_python_gives_them() -> None:
    plain, quick = (_python(SHOW.format(before=before)) for before in ("", QUICK.format(package="flowc")))
    assert (plain.stderr, quick.stderr) == ("SourceFileLoader\n", "QuickLoader\n")
    assert plain.stdout == quick.stdout


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Returns the file of the module `pack.part`, whose bytecode is valid."""
    file = tmp_path / "pack" / "part.py"
    file.parent.mkdir()
    (file.parent / "__init__.py").write_text("")
    file.write_text("VALUE = 'first'\n")
    assert _python(LOAD, folder=tmp_path).stdout == f"first {file}\n"
    return file


def _bytecode(file: Path) -> Path:
    (bytecode,) = (file.parent / "__pycache__").glob("part.*.pyc")
    return bytecode


def test_valid_bytecode_is_used(part: Path) -> None:
    data = _bytecode(part).read_bytes()
    _bytecode(part).write_bytes(data.replace(b"first", b"other"))
    assert _python(LOAD, folder=part.parent.parent).stdout == f"other {part}\n"


@pytest.mark.parametrize("case", ["time", "size", "truncated", "empty", "garbage", "missing", "digest"])
def test_bytecode_of_no_use_is_made_anew(part: Path, case: str) -> None:
    part.write_text("VALUE = 'second'\n" if case == "size" else "VALUE = 'later'\n")
    status = part.stat()
    os.utime(part, (status.st_atime, status.st_mtime + 5))
    bytecode = _bytecode(part)
    if case == "truncated":
        py_compile.compile(str(part))
        bytecode.write_bytes(bytecode.read_bytes()[:30])
    elif case == "empty":
        bytecode.write_bytes(b"")
    elif case == "garbage":
        bytecode.write_bytes(b"\0" * 100)
    elif case == "missing":
        bytecode.unlink()
    elif case == "digest":
        py_compile.compile(str(part), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    done = _python(LOAD, folder=part.parent.parent)
    if case == "truncated":  # Python's own error, for bytecode whose head is valid
        assert done.stderr.splitlines()[-1].startswith("EOFError")
    else:
        assert done.stdout == f"{'second' if case == 'size' else 'later'} {part}\n"


def test_bytecode_that_moved_names_the_new_file(part: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    part.parent.rename(moved / "pack")
    code = LOAD + "\nexec('import pack.part as p; print(p.__spec__.loader.get_code(p.__name__).co_filename)')"
    file = moved / "pack" / "part.py"
    assert _python(code, folder=moved).stdout == f"first {file}\n{file}\n"


@pytest.mark.parametrize(("options", "variables"), [(("-O",), {}), ((), {"PYTHONPYCACHEPREFIX": "kept"})])
def test_bytecode_at_another_place_is_left_to_python(options: tuple[str, ...], variables: dict[str, str]) -> None:
    code = SHOW.format(before=QUICK.format(package="flowc"))
    assert _python(code, *options, "-B", folder=None, **variables).stderr == "SourceFileLoader\n"


def test_a_command_imports_quickly() -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(type(sys.modules['flowc.cli'].__spec__.loader).__name__))\n"
        "sys.argv = ['flowc', '--version']\n"
        "from flowc.__main__ import main\n"
        "main()\n"
    )
    assert _python(code).stdout.splitlines()[1:] == ["QuickLoader"]
