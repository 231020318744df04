# idiom: a variable of the container where only the engine needs it
# expect: FLOW120
# options: --env LESSON_IMAGE=@runtime
# metaflow: it has no such option
import os

from metaflow import FlowSpec, kubernetes, step


class OfTheImage(FlowSpec):
    @kubernetes(image=os.environ["LESSON_IMAGE"])
    @step
    def start(self):
        pass
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OfTheImage()
