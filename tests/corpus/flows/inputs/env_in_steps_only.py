# idiom: variables of the environment that only steps read
# expect: compiles
# environment: STAGE=test
import os

from metaflow import FlowSpec, step

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["OMP_NUM_THREADS"] = "1"


class Environs(FlowSpec):
    @step
    def start(self):
        self.stage = os.environ["STAGE"]
        self.region = os.getenv("CORPUS_REGION", "nowhere")
        self.threads = os.environ.get("OMP_NUM_THREADS")
        self.next(self.end)

    @step
    def end(self):
        self.has_token = "CORPUS_TOKEN" in os.environ


if __name__ == "__main__":
    Environs()
