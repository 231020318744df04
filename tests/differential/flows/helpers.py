from metaflow import FlowSpec, parallel_map, profile, step


class Helpers(FlowSpec):
    @step
    def start(self):
        k = 3
        self.cubes = parallel_map(lambda x: x**k, range(5), max_parallel=2)
        stats = {}
        with profile("here", stats_dict=stats):
            pass
        with profile("printed"):
            pass
        self.stats = list(stats)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Helpers()
