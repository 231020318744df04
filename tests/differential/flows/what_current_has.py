# arguments: --zeta 3
from metaflow import FlowSpec, IncludeFile, Parameter, current, profile, retry, step

TIMES = {}


@profile("adding", stats_dict=TIMES)
def add(one, other):
    return one + other


class WhatCurrentHas(FlowSpec):
    zeta = Parameter("zeta", default=1)
    alpha = Parameter("the-alpha", default="a")
    file = IncludeFile("file", required=False)

    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.kind_of_tags = type(current.tags).__name__
        mine = current.tags
        mine.update({"more"})
        self.names = current.parameter_names
        self.parameters = [(each["name"], each["type"]) for each in current.graph["parameters"]]
        self.listed = sorted({"run_id", "step_name", "task_id", "flow_name", "retry_count", "tags", "username", "namespace", "origin_run_id"} - set(dir(current)))
        self.sums = [add(1, 2), add(3, 4)]
        self.labels = sorted(TIMES)
        if current.retry_count < 2:
            raise ValueError("again")
        self.next(self.end)

    @step
    def end(self):
        start = current.run["start"].task
        self.attempts = sorted(each.value for each in start.metadata if each.type == "attempt")
        self.last = start.metadata_dict["attempt"]


if __name__ == "__main__":
    WhatCurrentHas()
