"""Modules and scripts that a running flow names: the code package holds those that are known, and tasks find them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.pipeline import Program
from flowc.compiler.report.diagnostics import Refused

from tests.support.building import program_of
from tests.support.container import Container

FLOW = """import importlib, importlib.util, os, runpy, subprocess, sys
from importlib import import_module as load_module
from pathlib import Path
from metaflow import FlowSpec, Parameter, step

PLUGIN = "plugins.alpha"
HERE = Path(__file__).resolve().parent


class F(FlowSpec):
    which = Parameter("which", default="alpha")

    @step
    def start(self):
        {body}
        print("GOT", getattr(self, "a", None))
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ALPHA, BETA, JOB = "plugins/alpha.py", "plugins/beta.py", "scripts/job.py scripts/near.py"
PACKAGE = "package/__init__.py package/__main__.py package/inner.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "plugins/alpha.py": "import helper\ndef go(): return 'alpha ' + helper.WORD\n",
        "plugins/beta.py": "def go(): return 'beta'\n",
        "plugins/deep/gamma.py": "",
        "package/__init__.py": "",
        "package/__main__.py": "print('main')\n",
        "package/inner.py": "",
        "helper.py": "WORD = 'plugin'\n",
        "train.py": "print('trained')\n",
        "scripts/job.py": "import near\nprint(near.WORD)\n",
        "scripts/near.py": "WORD = 'near'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def packaged(program: Program) -> str:
    return " ".join(sorted(program.files.keys() - {"flow.py"}))


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ("self.a = importlib.import_module('plugins.alpha').go()", f"helper.py {ALPHA}"),
        ("self.a = importlib.import_module(name='plugins.beta').go()", BETA),
        ("self.a = load_module(PLUGIN).go()", f"helper.py {ALPHA}"),
        ("import importlib as i; self.a = i.import_module('plugins.beta').go()", BETA),
        ("from importlib import import_module as i; self.a = i('plugins.beta').go()", BETA),
        ("self.a = __import__('plugins.beta', fromlist=['go']).go()", BETA),
        ("self.a = __import__('plugins', fromlist=['beta']).beta.go()", BETA),
        ("self.a = load_module('.beta', package='plugins').go()", BETA),
        ("self.a = load_module('.beta', 'plugins').go()", BETA),
        ("kind = 'beta'; self.a = load_module(f'plugins.{kind}').go()", BETA),
        ("self.a = [load_module(each).go() for each in ('plugins.alpha', 'plugins.beta')]", f"helper.py {ALPHA} {BETA}"),
        ("self.a = [load_module('plugins.' + each).go() for each in ['beta']]", BETA),
        ("self.a = load_module('plugins.' + self.which).go()", f"helper.py {ALPHA} {BETA} plugins/deep/gamma.py"),
        ("self.a = load_module(f'plugins.{self.which}').go()", f"helper.py {ALPHA} {BETA} plugins/deep/gamma.py"),
        ("self.a = load_module('plugins.%s' % self.which).go()", f"helper.py {ALPHA} {BETA} plugins/deep/gamma.py"),
        ("self.a = load_module('plugins.{}'.format(self.which)).go()", f"helper.py {ALPHA} {BETA} plugins/deep/gamma.py"),
        ("path = 'plugins.b' + self.which; self.a = load_module(path)", BETA),
        ("self.a = runpy.run_module('package')", PACKAGE),
        ("self.a = runpy.run_path(str(HERE / 'train.py'))", "train.py"),
        ("self.a = runpy.run_path('train.py')", "train.py"),
        ("subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), 'train.py'), '--fast'])", "train.py"),
        ("subprocess.check_call([sys.executable, '-u', '-W', 'error', HERE / 'train.py'])", "train.py"),
        ("subprocess.run([sys.executable, '-m', 'package', 'helper.py'])", PACKAGE),
        ("script = HERE / 'scripts' / 'job.py'; subprocess.run([sys.executable, str(script)])", JOB),
        ("command = ['python', 'train.py']; subprocess.run(command)", "train.py"),
        ("subprocess.run('python -u train.py --fast', shell=True)", "train.py"),
        ("os.system(f'python3 {HERE}/train.py')", "train.py"),
        ("os.execl(sys.executable, sys.executable, 'train.py')", "train.py"),
        ("importlib.util.spec_from_file_location('train', HERE / 'train.py')", "train.py"),
        ("os.system(f'python train.py --which {self.which}')", "train.py"),
        ("subprocess.run('python -u train.py --which ' + self.which, shell=True)", "train.py"),
        ("os.system('python -m package {}'.format(self.which))", PACKAGE),
        ("subprocess.run([sys.executable, *self.which.split(), 'train.py'])", "train.py"),
        ("from metaflow import current; current.torch.run(entrypoint='train.py', nproc_per_node=2)", "train.py"),
        ("one = self.which; one.run(entrypoint=str(HERE / 'scripts' / 'job.py'))", JOB),
        # nothing of the flow's own
        ("from metaflow import current; current.torch.run(entrypoint=self.which)", ""),
        ("subprocess.run([sys.executable, '-c', 'print(1)', 'train.py'])", ""),
        ("subprocess.run([sys.executable, '-m', 'pip', 'list'])", ""),
        ("subprocess.run([sys.executable, '../outside.py'])", ""),
        ("importlib.import_module('json')", ""),
    ],
)  # fmt: skip
def test_what_is_named_is_packaged(folder: Path, body: str, files: str) -> None:
    program = program_of(FLOW.format(body=body), folder)
    assert (packaged(program), program.diagnostics) == (files, ())


def test_a_script_is_looked_for_beside_itself_first(folder: Path) -> None:
    (folder / "near.py").write_text("")
    program = program_of(FLOW.format(body="subprocess.run([sys.executable, HERE / 'scripts/job.py'])"), folder)
    assert "scripts/near.py" in program.files


def test_modules_that_import_each_other_by_name(folder: Path) -> None:
    (folder / "plugins" / "alpha.py").write_text("import importlib\nimportlib.import_module('.beta', __package__)\n")
    (folder / "plugins" / "beta.py").write_text("import importlib\nimportlib.import_module('plugins.alpha')\n")
    assert packaged(program_of(FLOW.format(body="load_module('plugins.alpha')"), folder)) == f"{ALPHA} {BETA}"


def test_a_name_that_is_not_known_is_said(folder: Path) -> None:
    program = program_of(FLOW.format(body="self.a = load_module(self.which).go()"), folder)
    (warning,) = program.diagnostics
    assert (warning.code, warning.severity, warning.span and warning.span.line) == ("FLOW157", "warning", 15)
    assert "`helper.py`" in warning.why and "@package_sources" in warning.how


def test_a_name_that_is_not_known_matters_only_beside_other_modules(tmp_path: Path) -> None:
    assert not program_of(FLOW.format(body="load_module(self.which)"), tmp_path).diagnostics


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("script = [n for n in ('train.py',) if self.which][0]; subprocess.run([sys.executable, script])", "train.py"),
        ("(lambda script: subprocess.run([sys.executable, HERE / script]))('scripts/job.py')", "scripts/job.py"),
        ("stages = {'fit': 'train'}; subprocess.run([sys.executable, f'{stages[self.which]}.py'])", "train.py"),
        ("stages = {'fit': 'train'}; subprocess.run([sys.executable, '-m', stages[self.which]])", "train.py"),
        ("self.script = 'train.py' if self.which else ''; os.system(f'python {self.script} --fast')", "train.py"),
        # made or found by the run, or somebody else's
        ("subprocess.run([sys.executable, self.which])", ""),
        ("open('made.py', 'w'); self.script = 'made.py'; subprocess.run([sys.executable, self.script])", ""),
        ("self.train = {'train': 1}; subprocess.run([sys.executable, self.which])", ""),
        (
            "self.script = 'train.py'; subprocess.run([sys.executable, 'train.py']); subprocess.run([sys.executable, self.script])",
            "",
        ),
        ("self.script = 'train.py'; subprocess.run([sys.executable, '-c', self.which])", ""),
        ("self.script = 'train.py'; subprocess.run([sys.executable, '-m', 'pip', self.which])", ""),
        ("self.script = 'train.py'; subprocess.run(['bash', self.which])", ""),
        ("self.script = 'train.py'; print([sys.executable, *self.which.split()])", ""),
        ("self.script = 'train.py'; print(sys.executable)", ""),
    ],
)
def test_a_script_that_is_not_known_is_said_where_the_code_names_one(folder: Path, body: str, missing: str) -> None:
    diagnostics = program_of(FLOW.format(body=body), folder).diagnostics
    assert [
        (diagnostic.code, diagnostic.severity, diagnostic.span and diagnostic.span.line) for diagnostic in diagnostics
    ] == ([("FLOW157", "warning", 15)] if missing else [])
    assert all(f"`{missing}`" in diagnostic.why and "@package_sources" in diagnostic.how for diagnostic in diagnostics)


def test_a_script_that_package_sources_names_is_there(folder: Path) -> None:
    body = "self.script = 'train.py'; subprocess.run([sys.executable, self.script])"
    source = (
        FLOW.format(body=body)
        .replace("class F", "@package_sources('train.py')\nclass F")
        .replace("FlowSpec, ", "FlowSpec, package_sources, ", 1)
    )
    assert not program_of(source, folder).diagnostics


def test_a_comment_silences_it_in_a_helper_too(folder: Path) -> None:
    (folder / "helper.py").write_text(
        "import importlib\ndef go(name): return importlib.import_module(name)  # flowc: ignore[FLOW157]\n"
    )
    assert not program_of("import helper\n" + FLOW.format(body="helper.go('json')"), folder).diagnostics


def test_a_broken_module_is_refused_where_it_is_surely_imported(folder: Path) -> None:
    (folder / "plugins" / "beta.py").write_text("def (")
    with pytest.raises(Refused) as refused:
        program_of(FLOW.format(body="load_module('plugins.beta')"), folder)
    assert {diagnostic.code for diagnostic in refused.value.diagnostics} == {"FLOW002"}
    assert BETA in program_of(FLOW.format(body="load_module('plugins.' + self.which)"), folder).files


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("self.a = importlib.import_module('plugins.alpha').go()", "alpha plugin"),
        ("self.a = __import__('plugins.beta', fromlist=['go']).go()", "beta"),
        ("self.a = load_module('plugins.' + self.which).go()", "alpha plugin"),
        (
            "self.a = subprocess.check_output([sys.executable, str(HERE / 'scripts' / 'job.py')], text=True).strip()",
            "near",
        ),
        ("self.a = runpy.run_module('plugins.beta')['go']()", "beta"),
        ("self.a = runpy.run_path(str(HERE / 'helper.py'))['WORD']", "plugin"),
    ],
)
def test_a_task_finds_it_in_the_code_package(folder: Path, body: str, value: str) -> None:
    """The package is unpacked elsewhere, by the shim, in a process that does not see the flow's folder."""
    container = Container(FLOW.format(body=body), folder)
    assert f"GOT {value}\n" in container.task("start").stdout
