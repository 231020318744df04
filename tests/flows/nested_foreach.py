"""A foreach in a foreach, each with its own join, and a step after the inner one."""

from metaflow import FlowSpec, step


class NestedForeach(FlowSpec):
    @step
    def start(self):
        self.rows = [1, 2]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.factor = self.input
        self.columns = [10, 20, 30][: self.factor]
        self.next(self.cell, foreach="columns")

    @step
    def cell(self):
        self.product = self.factor * self.input
        self.stack = self.foreach_stack()
        self.next(self.join_cells)

    @step
    def join_cells(self, inputs):
        self.products = [each.product for each in inputs]
        self.stacks = [each.stack for each in inputs]
        self.factor = inputs[0].factor
        self.next(self.total)

    @step
    def total(self):
        self.sum = sum(self.products)
        self.where = self.index
        self.next(self.join_rows)

    @step
    def join_rows(self, inputs):
        self.sums = [each.sum for each in inputs]
        self.stacks = [each.stacks for each in inputs]
        self.rows_seen = [each.where for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.grand_total = sum(self.sums)


if __name__ == "__main__":
    NestedForeach()
