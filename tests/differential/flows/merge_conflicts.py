from metaflow import FlowSpec, step
from metaflow.exception import MetaflowException, MissingInMergeArtifactsException, UnhandledInMergeArtifactsException


class MergeConflicts(FlowSpec):
    @step
    def start(self):
        try:
            self.merge_artifacts([])
        except MetaflowException as error:
            self.outside = type(error).__name__
        self.next(self.a, self.b, self.c)

    @step
    def a(self):
        self.x, self.y, self.z, self.equal = 1, 1, 1, 1
        self.next(self.join)

    @step
    def b(self):
        self.x, self.y, self.z, self.equal = 2, 2, 1, 1.0
        self.next(self.join)

    @step
    def c(self):
        self.x, self.y, self.z, self.equal = 3, 1, 1, 1
        self.next(self.join)

    @step
    def join(self, inputs):
        try:
            self.merge_artifacts(inputs)
        except UnhandledInMergeArtifactsException as error:
            self.conflicts = sorted(error.artifact_names)
            self.told = "x" in error.message
        self.unmerged = [name for name in ("x", "y", "z", "equal") if hasattr(self, name)]
        try:
            self.merge_artifacts(inputs, include=["z", "missing"])
        except MissingInMergeArtifactsException as error:
            self.missing_names = error.artifact_names
        try:
            self.merge_artifacts(inputs, include=["x", "missing"])
        except MetaflowException as error:
            self.conflict_first = type(error).__name__
        try:
            self.merge_artifacts(inputs, include=["x"], exclude=["y"])
        except MetaflowException as error:
            self.exclusive = type(error).__name__
        self.x = 3
        self.merge_artifacts(inputs, exclude=["y", "equal"])
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.x, self.z, hasattr(self, "y"))


if __name__ == "__main__":
    MergeConflicts()
