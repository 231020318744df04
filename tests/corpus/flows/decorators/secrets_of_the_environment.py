# idiom: a step reads a secret that the container's environment has
# expect: compiles
# environment: CORPUS_DB_PASSWORD=secret
import os

from metaflow import FlowSpec, step


class Secret(FlowSpec):
    @step
    def start(self):
        password = os.environ.get("CORPUS_DB_PASSWORD", "")
        self.length = len(password)
        self.url = f"postgresql://me:***@{os.environ.get('CORPUS_DB_HOST', 'localhost')}/db"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Secret()
