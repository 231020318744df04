# idiom: a module of the team gathers Metaflow's names
# expect: compiles
from metaflow_names import Base, FlowSpec, current, step


class Gathered(Base, FlowSpec):
    @step
    def start(self):
        self.where = current.flow_name
        self.next(self.end)

    @step
    def end(self):
        self.helper = self.greet()


if __name__ == "__main__":
    Gathered()
