# idiom: a step runs coroutines
# expect: compiles
import asyncio

from metaflow import FlowSpec, step


async def ask(name):
    await asyncio.sleep(0)
    return name.upper()


class Async(FlowSpec):
    async def _all(self, names):
        return await asyncio.gather(*(ask(name) for name in names))

    @step
    def start(self):
        self.answers = list(asyncio.run(self._all(["a", "b"])))
        self.next(self.end)

    @step
    def end(self):
        async def numbers():
            for number in range(3):
                yield number

        async def collect():
            return [number async for number in numbers()]

        self.numbers = asyncio.run(collect())


if __name__ == "__main__":
    Async()
