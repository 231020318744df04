from metaflow import FlowSpec, step


class Base(FlowSpec):
    @step
    def end(self):
        self.doubled = self.model.predict(range(1, self.limit + 1))
