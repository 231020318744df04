# idiom: a step downloads with threads, and collects results as they come
# expect: compiles
from concurrent.futures import ThreadPoolExecutor, as_completed

from metaflow import FlowSpec, step


class Threads(FlowSpec):
    def fetch(self, number):
        return f"page {number}"

    @step
    def start(self):
        self.pages = {}
        with ThreadPoolExecutor(max_workers=3) as pool:
            futures = {pool.submit(self.fetch, number): number for number in range(5)}
            for future in as_completed(futures):
                self.pages[futures[future]] = future.result()
        self.pages = dict(sorted(self.pages.items()))
        self.next(self.end)

    @step
    def end(self):
        self.count = len(self.pages)


if __name__ == "__main__":
    Threads()
