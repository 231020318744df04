"""What the orchestrator has to do for a step: retries, deadlines, machines, environment, a schedule."""

import os

from metaflow import FlowSpec, environment, kubernetes, resources, retry, schedule, step, timeout


@schedule(cron="30 6 * * 1-5")
class Decorated(FlowSpec):
    """Runs on weekday mornings."""

    @retry(times=2, minutes_between_retries=1)
    @timeout(minutes=10)
    @step
    def start(self):
        """Fetches."""
        self.next(self.train)

    @resources(cpu=2, memory=1000, gpu=1)
    @environment(vars={"OMP_NUM_THREADS": "2", "GREETING": "it's {{now}} $(date)"})
    @step
    def train(self):
        """Trains."""
        self.threads = os.environ["OMP_NUM_THREADS"]
        self.greeting = os.environ["GREETING"]
        self.next(self.end)

    @kubernetes(image="python:3.11-slim", memory=512, labels={"team": "ml"}, node_selector={"pool": "spot"})
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Decorated()
