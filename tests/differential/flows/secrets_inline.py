import os

from metaflow import FlowSpec, secrets, step


class SecretsInline(FlowSpec):
    @secrets(sources=[{"type": "inline", "id": "mine", "options": {"env_vars": {"FIRST_SECRET": "a", "SECOND": "b"}}}])
    @step
    def start(self):
        self.seen = (os.environ["FIRST_SECRET"], os.environ["SECOND"])
        self.next(self.end)

    @step
    def end(self):
        self.gone = "FIRST_SECRET" in os.environ


if __name__ == "__main__":
    SecretsInline()
