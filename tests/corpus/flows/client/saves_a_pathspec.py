# idiom: a task's pathspec is an artifact, and the end reads through it
# aside: trained_by
# expect: compiles
from metaflow import FlowSpec, Task, current, step


class Pathspecs(FlowSpec):
    @step
    def start(self):
        self.score = 0.9
        self.trained_by = current.pathspec
        self.next(self.end)

    @step
    def end(self):
        task = Task(self.trained_by)
        self.copied = task["score"].data
        self.names = sorted(artifact.id for artifact in task.artifacts if artifact.id in ("score", "trained_by"))


if __name__ == "__main__":
    Pathspecs()
