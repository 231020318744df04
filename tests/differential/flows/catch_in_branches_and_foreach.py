# aside: split_problem, problem, join_problem
from metaflow import FlowSpec, catch, step


class CatchInBranchesAndForeach(FlowSpec):
    @catch(var="split_problem", print_exception=False)
    @step
    def start(self):
        self.x = 1
        raise ValueError("before the split")
        self.next(self.a, self.b)

    @catch(var="problem", print_exception=False)
    @step
    def a(self):
        raise ValueError("a")
        self.next(self.join)

    @step
    def b(self):
        self.items = [0, 1, 2]
        self.next(self.body, foreach="items")

    @catch(var="problem", print_exception=False)
    @step
    def body(self):
        self.result = 1 // self.input
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [getattr(each, "result", None) for each in inputs]
        self.problems = [each.problem and each.problem.exception for each in inputs]
        self.next(self.join)

    @catch(var="join_problem", print_exception=False)
    @step
    def join(self, inputs):
        self.results = inputs.gather.results
        self.problem_of_a = inputs.a.problem.exception
        raise OSError(2, "in the join")
        self.next(self.end)

    @step
    def end(self):
        self.seen = (self.results, self.problem_of_a, self.join_problem.exception)


if __name__ == "__main__":
    CatchInBranchesAndForeach()
