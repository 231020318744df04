# idiom: the import works from the repository's root and from the flow's folder
# expect: compiles
from metaflow import FlowSpec, step

try:
    from corpus_nowhere.src import helpers_of_modules as helpers
except Exception as error:  # noqa: F841
    import helpers_of_modules as helpers


class Either(FlowSpec):
    @step
    def start(self):
        self.rows = helpers.clean([" x"])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Either()
