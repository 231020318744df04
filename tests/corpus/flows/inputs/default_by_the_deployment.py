# idiom: the default of a parameter depends on where the flow is deployed
# expect: compiles
# metaflow: its `current` has no project when parameters are read for a local run
# leaves: test_mode = True; table = "shop.mine"
import metaflow
from metaflow import FlowSpec, Parameter, current, project, step


def table_of(_context):
    return f"{metaflow.current.project_name}.{'mine' if current.is_user_branch else 'shared'}"


@project(name="shop")
class ByDeployment(FlowSpec):
    test_mode = Parameter("test-mode", type=bool, default=lambda _: not current.is_production)
    table = Parameter("table", default=table_of)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.test_mode, self.table)


if __name__ == "__main__":
    ByDeployment()
