# idiom: what `current` says, in prints and artifacts
# expect: compiles
from metaflow import FlowSpec, current, step


class Now(FlowSpec):
    @step
    def start(self):
        print(f"{current.pathspec} by {current.username} as {current.namespace}")
        self.facts = [
            current.flow_name,
            current.step_name,
            current.retry_count,
            current.is_running_flow,
            isinstance(current.run_id, str),
            isinstance(current.task_id, str),
            sorted(current.tags) == sorted(set(current.tags)),
        ]
        self.project = getattr(current, "project_name", "none")
        self.parameters = [name for name in current.parameter_names]
        self.next(self.end)

    @step
    def end(self):
        self.depth = len(current.pathspec.split("/"))


if __name__ == "__main__":
    Now()
