"""Texts that could break out of a language, and a flow with one of them in every place that takes a text."""

from __future__ import annotations

TEXTS = [
    "'", '"', '"""', "\n", "{{workflow.name}}", "{{=1+1}}", "{{ run_id }}", "{%raw%}", "{# x #}", "${HOME}", "$.x", "$$.Execution", "$(date)", "`id`",
    "%s", "\\", "\\N{DASH}", "é☃\U0001f600", "#", ": ", "- x", "~", "no", "Ref::path", "{}", "run.sh", "x.json", "doc.md", "x" * 10_000,
]  # fmt: skip


def flow(text: str) -> str:
    """Source of a flow `F` with the text as docstrings, as default and help of a parameter, and as the environment variable A of `start`."""
    return f"""
from metaflow import FlowSpec, Parameter, environment, schedule, step

@schedule(cron="0 * * * *", timezone="Europe/Berlin")
class F(FlowSpec):
    {text!r}
    p = Parameter("p-q", default={text!r}, help={text!r})

    @environment(vars={{"A": {text!r}}})
    @step
    def start(self):
        {text!r}
        self.next(self.end)

    @step
    def end(self):
        pass
"""
