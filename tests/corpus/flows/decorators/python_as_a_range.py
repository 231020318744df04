# idiom: a range of versions of Python for the packages of every step
# expect: compiles
# options: --image registry/image:1
# metaflow: it would install the packages
# run: there are no packages here
from metaflow import FlowSpec, pypi, pypi_base, step


@pypi_base(python=">=3.11,<3.12", packages={})
class RangeOfPython(FlowSpec):
    @pypi(python="3.12.*", packages={})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RangeOfPython()
