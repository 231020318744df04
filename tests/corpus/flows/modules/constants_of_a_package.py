# idiom: decorators and defaults take constants of modules of a package
# expect: compiles
from corpus_package import constants
from corpus_package.constants import PREFIX
from metaflow import FlowSpec, Parameter, retry, step


class PackageConstants(FlowSpec):
    prefix = Parameter("prefix", default=PREFIX + "-1")

    @retry(times=constants.RETRIES, minutes_between_retries=0)
    @step
    def start(self):
        self.long = self.prefix * constants.RETRIES
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PackageConstants()
