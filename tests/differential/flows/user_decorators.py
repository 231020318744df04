# aside: problem
from lib_decorators import Counted, forgiving, replaced, skipped, tagged, traced

from metaflow import FlowSpec, catch, retry, step


class UserDecorators(FlowSpec):
    @traced
    @tagged(a=1, b="x")
    @step
    def start(self):
        self.x = 1
        self.in_step = (self.before, self.tags_seen)
        self.next(self.left_out)

    @skipped
    @step
    def left_out(self):
        self.x = 2
        self.next(self.fan)

    @tagged
    @replaced
    @traced
    @step
    def fan(self):
        self.x = 3
        self.next(self.a, self.b)

    @forgiving
    @step
    def a(self):
        self.before_error = 1
        raise ValueError("forgiven")
        self.next(self.join)

    @Counted(start=5)
    @step
    def b(self):
        self.next(self.join)

    @Counted
    @replaced
    @step
    def join(self, inputs):
        self.x = 9
        self.next(self.many)

    @retry(times=1, minutes_between_retries=0)
    @traced
    @catch(var="problem", print_exception=False)
    @step
    def many(self):
        self.x = 4
        raise KeyError("caught by the decorator of Metaflow's")
        self.next(self.end)

    @traced
    @step
    def end(self):
        self.kind = self.problem.type


if __name__ == "__main__":
    UserDecorators()
