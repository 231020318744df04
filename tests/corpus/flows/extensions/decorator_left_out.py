# idiom: decorators of an extension, which the command line leaves out
# expect: compiles
# options: --without notify --without vllm
# metaflow: needs the extension
# leaves: sent = "to nobody"
import os

from metaflow import FlowSpec, notify, step, vllm


class LeftOut(FlowSpec):
    @notify(token=os.getenv("NOTIFY_TOKEN"), channel="alerts")
    @step
    def start(self):
        self.sent = f"to {getattr(self, 'receiver', 'nobody')}"
        self.next(self.end)

    @vllm(model="small")
    @step
    def end(self):
        print(self.sent)


if __name__ == "__main__":
    LeftOut()
