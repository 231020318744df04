# idiom: `parallel_map` of Metaflow
# expect: compiles
from metaflow import FlowSpec, parallel_map, step


class Mapped(FlowSpec):
    @step
    def start(self):
        self.cubes = parallel_map(lambda number: number**3, [1, 2, 3], max_parallel=2)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Mapped()
