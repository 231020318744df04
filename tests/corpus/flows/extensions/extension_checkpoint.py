# idiom: a loop that goes on after a failed attempt, from its last checkpoint, and a later step that loads the result
# expect: compiles
# metaflow: needs metaflow-checkpoint
# leaves: attempts = 2; position = 1.0
import os

from metaflow import FlowSpec, checkpoint, current, model, retry, step


class Descent(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @checkpoint(load_policy="fresh")
    @step
    def start(self):
        path = os.path.join(current.checkpoint.directory, "position")
        position = 16.0
        if current.checkpoint.is_loaded:
            with open(path) as file:
                position = float(file.read())
        while position > 1:
            position /= 2
            with open(path, "w") as file:
                file.write(str(position))
            self.best = current.checkpoint.save(name="descent", metadata={"position": position})
            if position == 4 and current.retry_count == 0:
                raise RuntimeError("the machine is gone")
        self.attempts = current.retry_count + 1
        self.next(self.end)

    @model(load=["best"])
    @step
    def end(self):
        with open(os.path.join(current.model.loaded["best"], "position")) as file:
            self.position = float(file.read())


if __name__ == "__main__":
    Descent()
