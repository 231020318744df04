# idiom: the flow is a module of a package, imports relatively, and is started with `python -m company.flows.…`
# expect: compiles
# metaflow: its tasks start the file by its path, where relative imports fail
# leaves: doubled = [2, 4]; limit = 2
from metaflow import Parameter, retry, step

from ..lib.models import LIMIT, Doubling
from . import settings
from .base import Base


class Relative(Base):
    limit = Parameter("limit", default=LIMIT)

    @retry(times=settings.RETRIES)
    @step
    def start(self):
        self.model = Doubling()
        self.next(self.end)


if __name__ == "__main__":
    Relative()
