"""Commands take their modules from one file, if it is valid, and say the same without it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flowc.compiler.fast_start import one_file

ROOT = Path(__file__).parents[3]
FLOW = """from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with flowc as a wheel installs it, and a flow."""
    folder = tmp_path_factory.mktemp("installed")
    left_out = shutil.ignore_patterns("__pycache__", "ui", "dist", "*.egg-info")
    shutil.copytree(ROOT / "flowc", folder / "flowc", ignore=left_out)
    for name in ("compiler", "runtime_shim", "targets", "templates"):
        shutil.copytree(ROOT / name, folder / "flowc" / name, ignore=left_out)
    (folder / "flow.py").write_text(FLOW)
    return folder


@pytest.fixture
def site(installed: Path, tmp_path: Path) -> Iterator[Path]:
    """Returns that folder at a place of its own; what the test changes is not seen by others."""
    shutil.copytree(installed, tmp_path / "site")
    yield tmp_path / "site"


def check(site: Path, *options: str, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, *options, "-m", "flowc", "check", "flow.py"],
        cwd=site, env={**environment, "PYTHONPATH": str(site), **variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.partition(" (")[0]


def written(site: Path) -> Path:
    (path,) = site.glob("flowc/compiler/fast_start/__pycache__/one_file.*.modules")
    return path


def tamper(site: Path) -> None:
    """Changes a text in the file, so that a command shows where it has its modules from."""
    path = written(site)
    path.write_bytes(path.read_bytes().replace(b"syntax error: ", b"SYNTAX ERROR: "))


def syntax_error(site: Path) -> str:
    (site / "flow.py").write_text(FLOW + "\n)\n")
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-m", "flowc", "check", "flow.py"], cwd=site, env=environment, capture_output=True, text=True
    )
    (site / "flow.py").write_text(FLOW)
    return done.stdout + done.stderr


def test_a_command_writes_the_file_and_the_next_one_uses_it(site: Path) -> None:
    assert check(site) == "no problems"
    tamper(site)
    assert "SYNTAX ERROR" in syntax_error(site)
    assert check(site) == "no problems"


@pytest.mark.parametrize("change", ["source", "version", "truncated", "empty", "garbage", "none", "moved"])
def test_a_file_of_no_use_is_written_anew(change: str, site: Path) -> None:
    check(site)
    tamper(site)
    path = written(site)
    data = path.read_bytes()
    if change == "source":
        with open(site / "flowc/compiler/checks/cycles.py", "a") as file:
            file.write("\n")
    elif change == "version":
        path.write_bytes(b"\0\0\r\n" + data[4:])
    elif change in ("truncated", "empty", "garbage"):
        path.write_bytes({"truncated": data[: len(data) // 2], "empty": b"", "garbage": b"x" * 99}[change])
    elif change == "none":
        path.unlink()
    else:
        site = site.rename(site.with_name("elsewhere"))
    assert "syntax error" in syntax_error(site)
    assert check(site) == "no problems"
    assert "SYNTAX" not in syntax_error(site)
    assert written(site).read_bytes() != data


def test_a_command_s_file_is_of_no_use_without_the_one_of_all_commands(site: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "flowc", "compile", "flow.py", "-t", "argo", "--store", "s3://b/x", "-o", "-"]

    def compiled() -> str:
        env = {**environment, "PYTHONPATH": str(site)}
        done = subprocess.run(command, cwd=site, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    before = compiled()
    source = site / "flowc" / "compiler" / "read" / "metaflow_imports.py"
    source.write_text(source.read_text() + "\n")
    assert compiled() == before and compiled() == before


@pytest.mark.parametrize(
    ("options", "variables"),
    [(("-B",), {}), ((), {"PYTHONDONTWRITEBYTECODE": "1"}), (("-O",), {}), ((), {"PYTHONPYCACHEPREFIX": "kept"})],
)
def test_where_python_keeps_no_bytecode_there_is_no_file(
    options: tuple[str, ...], variables: dict[str, str], site: Path
) -> None:
    assert check(site, *options, **variables) == "no problems"
    assert not list(site.glob("**/one_file.*.modules"))


COMMANDS = {
    "check": ["check", "flow.py"],
    "show": ["show", "flow.py"],
    "run": ["run", "flow.py", "--store", "runs"],
    "lock": ["lock", "flow.py"],
    "argo": ["compile", "flow.py", "-t", "argo", "--store", "s3://b", "-o", "out", "-q"],
    "step-functions": ["compile", "flow.py", "-t", "step-functions", "--store", "s3://b", "-o", "out", "-q"],
    "airflow": ["compile", "flow.py", "-t", "airflow", "--store", "s3://b", "-o", "out", "-q"],
}


def test_the_groups_are_what_commands_import(tmp_path: Path) -> None:
    """If this fails, the names that it prints belong into a group, or no longer do; the order is that of the imports."""
    (tmp_path / "flow.py").write_text(FLOW)
    program = (
        "import sys; from flowc.cli import main; main(sys.argv[1:]);"
        "print(*[name for name in sys.modules if name.startswith('flowc.')], file=open('names', 'w'))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "FLOWC_DEBUG_PASSES"}
    imported = {}
    for name, command in COMMANDS.items():
        subprocess.run(
            [sys.executable, "-c", program, *command], cwd=tmp_path, env=environment, check=True, capture_output=True
        )
        imported[name] = (tmp_path / "names").read_text().split()
    own = {"flowc.runtime_shim", "flowc.runtime_shim.hooks", "flowc.compiler", "flowc.compiler.fast_start"}
    common = set.intersection(*map(set, imported.values())) - own
    compiling = set.intersection(*(set(imported[name]) for name in COMMANDS if COMMANDS[name][0] == "compile"))
    for group, expected in (
        ("", common), ("compile", compiling - common - own - {"flowc.targets", "flowc.templates"}),
        ("lock", set(imported["lock"]) - common - own - {"flowc.targets"}),
    ):  # fmt: skip
        words = {f"flowc.{word}" for word in one_file.GROUPS[group].split()}
        packages = {word.removesuffix("*") for word in words if word.endswith("*")}
        expected = {name for name in expected if name.rpartition(".")[0] + "." not in packages}
        assert words - {f"{package}*" for package in packages} == expected


def test_modules_stand_in_the_order_in_which_they_need_one_another(site: Path) -> None:
    """None is searched for while they are created, and each has the attributes that Python's own finder gives it."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    compile_it = ["compile", "flow.py", "-t", "argo", "--store", "s3://b", "-o", "out", "-q"]
    subprocess.run([sys.executable, "-m", "flowc", *compile_it], cwd=site, env=environment, check=True)
    program = """
import sys
from flowc.compiler.fast_start import one_file
import flowc.targets, flowc.templates
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        assert not name.startswith("flowc"), name
if sys.argv[1] == "one file":
    sys.meta_path.insert(0, Finder)
    assert one_file.load("compile") == []
else:
    for name in sys.argv[2:]:
        __import__(name)
    sys.argv[2:] = []
for name, module in sorted(sys.modules.items()):
    if name.startswith("flowc."):
        spec = module.__spec__
        print(name, module.__file__, module.__cached__, module.__package__, getattr(module, "__path__", None))
        print(spec.name, spec.origin, spec.cached, spec.parent, spec.has_location, spec.submodule_search_locations)
        parent, _, last = name.rpartition(".")
        assert getattr(sys.modules[parent], last) is module, name
"""
    quick = subprocess.run(
        [sys.executable, "-c", program, "one file"], cwd=site, env=environment, capture_output=True, text=True
    )
    assert quick.returncode == 0, quick.stderr
    names = [line.split()[0] for line in quick.stdout.splitlines()[::2]]
    plain = subprocess.run(
        [sys.executable, "-c", program, "plain", *names], cwd=site, env=environment, capture_output=True, text=True
    )
    assert (plain.returncode, plain.stdout) == (0, quick.stdout), plain.stderr
    assert len(names) > 100


def test_a_process_that_has_imported_a_module_keeps_it_and_gets_the_others(site: Path) -> None:
    assert check(site) == "no problems"
    tamper(site)
    program = (
        "import sys; from flowc.compiler.ir import nodes; from flowc.compiler.fast_start import one_file;"
        "assert one_file.load('check') == [];"
        "assert sys.modules['flowc.compiler.ir.nodes'] is nodes; assert 'flowc.cli' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=site, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
