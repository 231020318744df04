"""The page of a flow: what a reviewer reads, whatever is written in the flow."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from tests.support.running import flowc

from .test_run_page import Elements

FLOW = '''
from metaflow import FlowSpec, Parameter, catch, kubernetes, step

BAD = 1


class F(FlowSpec):
    """Trains </script><img src=x onerror=alert(1)> models."""

    alpha = Parameter("alpha", default="</td><b>", help="a <i>help</i>")

    @step
    def start(self):
        """Begins & ends."""
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @kubernetes(cpu=2)
    @catch(var="why")
    @step
    def body(self):
        self.value = self.input
        self.text = "</pre><script>"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(task.value for task in inputs)
        setattr(self, self.alpha, 1)
        self.next(self.end)

    @step
    def end(self):
        print(self.missing)
'''


def page(folder: Path, *words: str) -> str:
    (folder / "flow.py").write_text(FLOW)
    done = flowc("show", "flow.py", "--format", "html", *words, cwd=folder)
    return done.stdout


def facts(text: str, step: str) -> dict[str, str]:
    """The facts about a step, as a person reads them."""
    section = text[text.index(f'id="step-{step}"') :]
    section = section[: section.index("</section>")]
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", section, re.DOTALL)
    return {name: unescape(re.sub(r"<.*?>", "", value)) for name, value in found}


def test_each_step_says_what_it_reads_assigns_and_goes_to(tmp_path: Path) -> None:
    text = page(tmp_path, "--with", "retry:times=1")
    assert facts(text, "start") == {
        "decorators": "@retry(times=1)",
        "next": "-> body, for each of items",
        "assigns": "items",
    }
    assert facts(text, "body")["decorators"] == "@retry(times=1) @kubernetes(cpu=2) @catch(var='why')"
    assert facts(text, "body")["assigns"] == "text, value"
    assert facts(text, "join")["assigns"] == "total, and what cannot be followed"
    assert facts(text, "end")["next"] == "end of the flow"


def test_sources_come_with_their_decorators(tmp_path: Path) -> None:
    text = page(tmp_path)
    sources = [unescape(source) for source in re.findall(r"<summary>source</summary><pre>(.*?)</pre>", text, re.DOTALL)]
    assert len(sources) == 4
    assert sources[1].startswith('@kubernetes(cpu=2)\n@catch(var="why")\n@step\ndef body(self):\n    self.value')


def test_diagnostics_of_every_target_are_listed(tmp_path: Path) -> None:
    text = page(tmp_path)
    (tmp_path / "other.py").write_text(FLOW.replace("@kubernetes(cpu=2)", '@kubernetes(cpu=2, gpu_vendor="x y")'))
    listed = set(re.findall(r"FLOW\d+", text))
    assert "FLOW601" not in listed  # a reviewer has no datastore
    assert listed == set(
        re.findall(
            r"FLOW\d+",
            flowc(
                "check", "flow.py", "-t", "argo,step-functions,airflow", "--store", "s3://b/p", "--format", "concise",
                cwd=tmp_path,
            ).stderr,
        )
    )  # fmt: skip


def test_no_text_of_the_flow_becomes_markup(tmp_path: Path) -> None:
    elements = Elements(page(tmp_path))
    assert "img" not in elements.tags and "b" not in elements.tags and "i" not in elements.tags
    assert elements.tags.count("script") == 2  # the data, and the page's own


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    assert page(tmp_path) == page(tmp_path)
