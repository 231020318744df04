# idiom: a decorator of an extension that flowc lacks, which starts a server
# expect: FLOW115
from metaflow import FlowSpec, step, vllm


class Served(FlowSpec):
    @vllm(model="org/small-model")
    @step
    def start(self):
        self.answer = self.ask("who?")
        self.next(self.end)

    def ask(self, question):
        return question.upper()

    @step
    def end(self):
        print(self.answer)


if __name__ == "__main__":
    Served()
