from metaflow import FlowSpec, step


class InputsInHelpers(FlowSpec):
    @step
    def start(self):
        self.xs = list("abcd")
        self.next(self.body, foreach="xs")

    @step
    def body(self):
        self.letter, self.number = self.input, self.index
        self.next(self.join)

    def gather(self, inputs, name):
        return [getattr(each, name) for each in inputs]

    @step
    def join(self, inputs):
        self.letters = self.gather(inputs, "letter")
        self.numbers = self.gather(inputs, "number")
        self.count = len(list(inputs))
        self.best = max(inputs, key=lambda each: each.number).letter
        self.every_other = [each.letter for each in inputs[::2]]
        self.last = inputs[-1].letter
        self.zipped = list(zip((each.letter for each in inputs), self.numbers))
        self.letter = inputs[0].letter
        self.merge_artifacts(inputs, exclude=["number"])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    InputsInHelpers()
