"""Texts that mean something to shells, YAML, JSON, templates and orchestrators, wherever a flow can say anything."""

import os

from metaflow import FlowSpec, JSONType, Parameter, environment, step


class HostileValues(FlowSpec):
    """Says {{workflow.name}} {{=1+1}} {{ run_id }} {% raw %} {# x #} $(date) ${HOME} `id` $.x $$.Execution \\ ' " ''' # : - ~ é☃"""

    n = Parameter("n", default="{{workflow.name}} {{=1+1}} {{ run_id }} {%raw%} {# x #}", help="{{ ti }} {% x %} ' \" \\ \n: - é")
    no = Parameter("no", default="no")
    path = Parameter("p-q", default="Ref::path $.x $$.Execution.Id $(HOME) ${HOME} `id` 'single' \"double\" \\ \\n\n\ttab")
    all = Parameter("all", type=JSONType, default='["{}", "~", {"{{x}}": null}]')
    empty = Parameter("empty", default="")

    @environment(
        vars={
            "TEMPLATES": "{{workflow.name}} {{=1+1}} {{ run_id }} {% x %} {# y #}",
            "SHELL_WORDS": "$(date) `id` ${HOME} $HOME 'single' \"double\" \\ ; exit 1",
            "FILE_NAME": "run.sh",
            "LINES": "one\n  two: - ~\n",
            "LETTERS": "é☃\U0001f600",
            "YES": "yes",
            "NUMBER": "007",
        }
    )
    @step
    def start(self):
        """{{workflow.name}} {{ run_id }} {% raw %} $(date) ''' é"""
        self.environment = {name: os.environ[name] for name in ("TEMPLATES", "SHELL_WORDS", "FILE_NAME", "LINES", "LETTERS", "YES", "NUMBER")}
        self.été = [self.n, self.no, self.path, self.all, self.empty]
        self.on = {"{{x}}": "~", "$.y": None}
        self._private = "no"
        self.items = ["{{item}} {{=1+1}}", "0.1~2/../'\"$(id)\n", ""]
        self.next(self.look, foreach="items")

    @step
    def look(self):
        self.seen = (self.input, self.on, self.été, self._private)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.found = [each.seen for each in inputs]
        self.merge_artifacts(inputs, include=["environment", "été"])
        self.next(self.end)

    @step
    def end(self):
        self.true = self.found[0][2] == self.été


if __name__ == "__main__":
    HostileValues()
