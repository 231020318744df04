from metaflow import FlowSpec, step


class ChangedInPlace(FlowSpec):
    @step
    def start(self):
        self.items, self.table = [1], {"k": [1]}
        self.alias = self.items
        self.next(self.middle)

    @step
    def middle(self):
        self.items.append(2)
        self.table["k"] += [2]
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.items, self.table, self.alias)


if __name__ == "__main__":
    ChangedInPlace()
