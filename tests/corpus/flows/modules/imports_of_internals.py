# idiom: imports from Metaflow's half-public modules, some used and some left over
# expect: compiles
from metaflow import FlowSpec, step
from metaflow.client.core import Flow, Run
from metaflow.exception import METAFLOW_EXIT_DISALLOW_RETRY, MetaflowException
from metaflow.metaflow_config import DATASTORE_LOCAL_DIR, DATATOOLS_SUFFIX, DEFAULT_DATASTORE
from metaflow.plugins.cards.card_modules.components import Markdown, Table
from metaflow.plugins.datatools.s3.s3 import S3
from metaflow.runner.metaflow_runner import Runner
from metaflow.util import get_username


class Imports(FlowSpec):
    @step
    def start(self):
        self.code = METAFLOW_EXIT_DISALLOW_RETRY
        self.settings = [DATASTORE_LOCAL_DIR, DATATOOLS_SUFFIX, DEFAULT_DATASTORE]
        self.kinds = [each.__name__ for each in (Flow, Run, Runner, S3, Markdown, Table, MetaflowException)]
        self.next(self.end)

    def unused(self):
        return get_username()

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Imports()
