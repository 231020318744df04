# idiom: local modules are imported only in the steps
# expect: compiles
from metaflow import FlowSpec, step


class Inside(FlowSpec):
    @step
    def start(self):
        from corpus_package.models import linear
        from helpers_of_modules import clean

        self.rows = clean([" a"])
        self.model = linear.Linear(3)
        self.next(self.end)

    @step
    def end(self):
        import corpus_package.text

        self.text = corpus_package.text.describe(self.model)


if __name__ == "__main__":
    Inside()
