# idiom: a helper of Metaflow's machinery is called while the flow is imported
# expect: FLOW153
from metaflow import FlowSpec, step
from metaflow.util import get_username

WHO = get_username()


class AtImport(FlowSpec):
    @step
    def start(self):
        self.who = WHO
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AtImport()
