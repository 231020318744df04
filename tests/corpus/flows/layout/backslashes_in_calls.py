# idiom: lines continued with a backslash inside and outside of calls
# expect: compiles
from metaflow import FlowSpec, Parameter, \
    retry, step


class Slashes(FlowSpec):
    size = Parameter("size", \
        help="how many", \
        default=3)

    @retry(times=1, \
           minutes_between_retries=0)
    @step
    def start(self):
        self.total = self.size + \
            1
        self.next( \
            self.end)

    @step
    def end(self):
        pass


if __name__ == '__main__':
    Slashes()
