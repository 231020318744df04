# idiom: a decorator of a package that is not installed gives no follow-up errors
# expect: compiles
from metaflow import FlowSpec, step


try:
    from tracking_not_installed import tracked
except ImportError:

    def tracked(*_, **__):
        return lambda decorated: decorated


@tracked(project='b')
class DecoratorNotInstalled(FlowSpec):
    @tracked(project='a')
    @step
    def start(self):
        self.value = 1
        self.next(self.end)

    @step
    def end(self):
        self.double = self.value * 2


if __name__ == "__main__":
    DecoratorNotInstalled()
