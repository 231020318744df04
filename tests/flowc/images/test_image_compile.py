"""`flowc compile --environments image`: each step's image by digest, from images.json alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.flowc.environments.locking import files, flow, lock, variables
from tests.flowc.environments.test_delivery import HERE, compiled
from tests.support.package_index import PackageIndex, wheel
from tests.support.registry import layer, write_layout
from tests.support.running import flowc

REPOSITORY = "registry.example.com/team/flows"
IMAGE = ("--environments", "image", "--repository", REPOSITORY, "--image", f"python:{HERE}-slim")
APPLE = f"@pypi(packages={{'apple': '1.0'}}, python='{HERE}')"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with PackageIndex(wheel("apple", "1.0"), wheel("pear", "1.0")) as index:
        made = flow(tmp_path, base=APPLE.replace("@pypi", "@pypi_base"), end="@pypi(disabled=True)")
        lock(made, index)
        build(made, index)
    return made


def build(path: Path, index: PackageIndex, *options: str, base: bool = True) -> None:
    """Builds on a base of the test; with `base` False, for images that options name."""
    folder = path.parent / "base"
    if not folder.exists():
        write_layout(folder, [layer({"bin/python": ""})])
    words = ["--image", f"python:{HERE}-slim", *(["--base", str(folder)] if base else []), *options]
    flowc("image", "build", str(path), *words, env=variables(path.parent, index), check=True)


def images(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((path.with_suffix(".lock") / "images.json").read_text())["images"]
    return found


def environment(path: Path) -> str:
    (text,) = [text for name, text in files(path).items() if name.endswith(".toml")]
    return text.split('\nenvironment = "')[1].split('"')[0]


@pytest.mark.parametrize("target", ["argo", "airflow", "step-functions"])
def test_each_step_names_its_image(target: str, path: Path) -> None:
    done, text = compiled(path, target, *IMAGE)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    (built,) = images(path)
    assert text.count(f'"{REPOSITORY}@{built["digest"]}"') == 1, "only the step that has packages"
    assert f'"python:{HERE}-slim"' in text, "the other step keeps its own"
    assert f"linux/amd64={environment(path)}" in text and text.count("FLOWC_PACKAGES") == 1
    assert f"flowc image push {path} --repository {REPOSITORY}" in done.stdout
    assert compiled(path, target, *IMAGE)[1] == text
    assert flowc("validate", str(path.parent / "build" / target)).returncode == 0


@pytest.mark.parametrize("decorator", ["kubernetes", "batch"])
def test_a_step_with_an_image_of_its_own(decorator: str, tmp_path: Path) -> None:
    """Each target has the image that it would have, with the packages."""
    with PackageIndex(wheel("apple", "1.0")) as index:
        path = flow(tmp_path, start=f"@{decorator}(image='own:1')\n    {APPLE}")
        path.write_text(path.read_text().replace("import FlowSpec", f"import {decorator}, FlowSpec"))
        lock(path, index)
        words = ["--base", f"own:1={tmp_path / 'base'}"]
        build(path, index, *words, base=decorator == "batch")
    digests = {str(built["image"]): built["digest"] for built in images(path)}
    assert "own:1" in digests
    for target in ("argo", "airflow", "step-functions"):
        shutil.rmtree(path.parent / "build", ignore_errors=True)
        plain = compiled(path, target, "--environments", "archive", "--image", f"python:{HERE}-slim")[1]
        if not plain:  # it refuses the decorator
            continue
        used = "own:1" if '"own:1"' in plain else f"python:{HERE}-slim"
        assert used == "own:1" or decorator == "batch"
        _, text = compiled(path, target, *IMAGE)
        assert text.count(f"{REPOSITORY}@{digests[used]}") == 1 == text.count(REPOSITORY)


def test_a_repository_of_the_project(path: Path) -> None:
    path.with_name("pyproject.toml").write_text(f'[tool.flowc]\nrepository = "{REPOSITORY}"\n')
    _, text = compiled(path, "argo", "--environments", "image", "--image", f"python:{HERE}-slim")
    assert f"{REPOSITORY}@{images(path)[0]['digest']}" in text
    path.with_name("pyproject.toml").unlink()
    done, _ = compiled(path, "argo", "--environments", "image")
    assert done.returncode == 2 and "needs a repository" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("removed", "names none"),
        ("damaged", "cannot be read"),
        ("packages", "the packages of `start` have changed since"),
        ("image", "the step's own image is `other:1`"),
        ("code", "they hold the flow's code, which has changed since"),
    ],
)
def test_images_that_were_not_built_for_this_flow(change: str, message: str, path: Path) -> None:
    place = path.with_suffix(".lock") / "images.json"
    options = list(IMAGE)
    if change == "removed":
        place.unlink()
    elif change == "damaged":
        place.write_text(place.read_text().replace("sha256:", "sha1:"))
    elif change == "image":
        options[-1] = "other:1"
    else:
        with PackageIndex(wheel("apple", "1.0"), wheel("pear", "1.0")) as index:
            if change == "packages":
                path.write_text(path.read_text().replace("'apple'", "'pear'"))
                lock(path, index)
            else:
                build(path, index, "--code")
                assert compiled(path, "argo", *IMAGE)[0].returncode == 0
                path.write_text(path.read_text() + "# changed\n")
    shutil.rmtree(path.parent / "build", ignore_errors=True)
    done, text = compiled(path, "argo", *options)
    assert done.returncode == 1 and "error[FLOW167]" in done.stderr and message in done.stderr and not text, done.stderr
    assert f"flowc image push {path} --repository {REPOSITORY}" in done.stderr
    assert ("--code" in done.stderr) == (change == "code") and done.stderr.count("FLOW167]") == 1


def test_a_lock_is_needed_too(path: Path) -> None:
    for each in path.with_suffix(".lock").glob("*.toml"):
        each.unlink()
    done, text = compiled(path, "argo", *IMAGE)
    assert done.returncode == 1 and "error[FLOW160]" in done.stderr and "FLOW167" not in done.stderr and not text


def test_a_worker_process_has_no_image(path: Path) -> None:
    done, text = compiled(path, "airflow", "--environments", "image", "--repository", REPOSITORY, "--image", f"python:{HERE}-slim", "--airflow-tasks", "process")  # fmt: skip
    assert done.returncode == 1 and "error[FLOW572]" in done.stderr and not text


def test_a_lock_of_several_flows_keeps_the_images_of_each(tmp_path: Path) -> None:
    with PackageIndex(wheel("apple", "1.0")) as index:
        one = flow(tmp_path, start=APPLE, name="One")
        two = flow(tmp_path / "two", start=APPLE, name="Two")
        path = one.with_name("both.py")
        path.write_text(one.read_text() + "\n\n" + two.read_text().partition("step\n")[2])
        for name in ("One", "Two"):
            lock(path, index, "--flow", name)
            build(path, index, "--flow", name)
    assert [each["flow"] for each in images(path)] == ["One", "Two"]
