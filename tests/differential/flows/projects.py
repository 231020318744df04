from metaflow import FlowSpec, current, project, step


@project(name="a_project")
class Projects(FlowSpec):
    @step
    def start(self):
        self.seen = (current.project_name, current.branch_name, current.project_flow_name, current.is_user_branch, current.is_production)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Projects()
