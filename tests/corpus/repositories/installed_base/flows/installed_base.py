# idiom: the base class and a wrapper that applies decorators are in an installed package
# expect: compiles
# environment: PYTHONPATH=site-packages
from metaflow import step
from team_flows import TeamFlow, sturdy


class InstalledBase(TeamFlow):
    @sturdy(times=1)
    @step
    def work(self):
        self.result = self.said + " and InstalledBase"
        self.next(self.end)


if __name__ == "__main__":
    InstalledBase()
