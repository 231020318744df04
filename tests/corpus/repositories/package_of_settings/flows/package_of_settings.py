# idiom: settings objects and constants of a package of the repository
# expect: compiles
# environment: PYTHONPATH=src
import shop
from shop import SETTINGS
from shop.limits import Limits, hours

from metaflow import FlowSpec, Parameter, resources, step, timeout

CPU = SETTINGS.cpu


class PackageOfSettings(FlowSpec):
    bucket = Parameter("bucket", default=SETTINGS.bucket("raw"))
    team = Parameter("team", default=f"{shop.TEAM}-{shop.limits.REGION}")

    @resources(cpu=CPU, memory=SETTINGS.memory if CPU > 1 else 1024)
    @timeout(minutes=hours(Limits.HOURS))
    @step
    def start(self):
        self.cpu = CPU
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PackageOfSettings()
