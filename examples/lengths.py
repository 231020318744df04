"""Which of some words is the longest? Each word is measured by a task of its own."""

from metaflow import FlowSpec, Parameter, retry, step


class Lengths(FlowSpec):
    text = Parameter("text", default="a compiler reads", help="the words to measure")

    @step
    def start(self):
        self.words = self.text.split()
        self.next(self.measure, foreach="words")

    @retry(times=2)
    @step
    def measure(self):
        self.word = self.input
        self.length = len(self.word)
        self.next(self.longest)

    @step
    def longest(self, inputs):
        self.word = max(inputs, key=lambda task: task.length).word
        self.next(self.end)

    @step
    def end(self):
        print("the longest word is", self.word)
