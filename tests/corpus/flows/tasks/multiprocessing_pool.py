# idiom: a step works with a pool of processes
# expect: compiles
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from metaflow import FlowSpec, step


def square(number):
    return number * number


class Pool(FlowSpec):
    @step
    def start(self):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            self.squares = pool.map(square, range(4))
        self.next(self.end)

    @step
    def end(self):
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(2, mp_context=context) as executor:
            self.again = list(executor.map(square, self.squares))


if __name__ == "__main__":
    Pool()
