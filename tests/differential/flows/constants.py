from metaflow import FlowSpec, step


class Mixin:
    from_mixin = "m"


class Constants(Mixin, FlowSpec):
    number = 3
    items = [1, 2]
    table: dict = {"a": 1}
    _private = "not a constant"
    first, second = 1, 2
    if number > 2:
        conditional = "yes"
    for looped in range(3):
        pass

    @step
    def start(self):
        self.items.append(3)
        self.seen = list(self.items)
        self._private = "set"
        try:
            self.number = 4
        except AttributeError as error:
            self.refused = str(error)
        try:
            self.from_mixin = "other"
        except AttributeError as error:
            self.mixin_refused = str(error)
        self.next(self.end)

    @step
    def end(self):
        self.later = (list(self.items), self.number, self._private, self.first + self.second, self.conditional, self.looped, self.from_mixin)


if __name__ == "__main__":
    Constants()
