from metaflow import FlowSpec, step


class MergingIncludeExclude(FlowSpec):
    @step
    def start(self):
        self.common, self.other = 0, 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.x, self.y, self.z = 1, 2, 3
        self.next(self.included)

    @step
    def b(self):
        self.x, self.y, self.z = 1, 9, 9
        self.next(self.included)

    @step
    def included(self, inputs):
        self.merge_artifacts(inputs, include=["x", "common"])
        self.next(self.again)

    @step
    def again(self):
        self.next(self.c, self.d)

    @step
    def c(self):
        self.y = 1
        self.next(self.excluded)

    @step
    def d(self):
        self.y = 2
        self.next(self.excluded)

    @step
    def excluded(self, inputs):
        self.merge_artifacts(inputs, exclude=["y", "nobody has this"])
        self.next(self.as_text)

    @step
    def as_text(self):
        self.raw_file, self.raw, self.kept = 1, 2, 3
        self.next(self.e, self.f)

    @step
    def e(self):
        self.raw_file, self.raw = "e", "e"
        self.next(self.without)

    @step
    def f(self):
        self.raw_file, self.raw = "f", "f"
        self.next(self.without)

    @step
    def without(self, inputs):
        self.merge_artifacts(inputs, exclude="raw_file")
        self.next(self.end)

    @step
    def end(self):
        self.has = [name for name in ("x", "y", "z", "common", "other", "raw_file", "raw", "kept") if hasattr(self, name)]


if __name__ == "__main__":
    MergingIncludeExclude()
