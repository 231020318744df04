from metaflow import FlowSpec, step


class OwnInitWithoutUseCli(FlowSpec):
    def __init__(self):
        self.q = 1
        super().__init__(use_cli=False)  # which goes on
        self.between = 2
        try:
            super().__init__()
        except Exception:
            self.never = 3
        self.after = 4

    @step
    def start(self):
        self.names = sorted(name for name in self.__dict__ if name[0] != "_")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    OwnInitWithoutUseCli()
