# idiom: `defaultdict`, `Counter`, `deque` and `OrderedDict` between steps
# expect: compiles
from collections import Counter, OrderedDict, defaultdict, deque

from metaflow import FlowSpec, step


class Collections(FlowSpec):
    @step
    def start(self):
        self.groups = defaultdict(list)
        for word in "one two three four".split():
            self.groups[len(word)].append(word)
        self.letters = Counter("banana")
        self.next(self.end)

    @step
    def end(self):
        self.common = self.letters.most_common(1)
        self.recent = deque([1, 2, 3], maxlen=2)
        self.ordered = OrderedDict(sorted(self.groups.items()))


if __name__ == "__main__":
    Collections()
