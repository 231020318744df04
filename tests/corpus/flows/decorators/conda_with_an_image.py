# idiom: `@conda` and `@pypi` on steps whose image already has the packages
# expect: compiles
# metaflow: it would solve the packages
# run: the packages are not installed
# options: --image registry.example.org/science:1
from metaflow import FlowSpec, conda, conda_base, pypi, step


@conda_base(python="3.11", packages={"pandas": "2.2.0"})
class Packages(FlowSpec):
    @conda(libraries={"scikit-learn": "1.4.0"})
    @step
    def start(self):
        import pandas as pd

        self.rows = len(pd.DataFrame({"a": [1]}))
        self.next(self.end)

    @pypi(packages={"requests": ">=2"}, disabled=True)
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Packages()
