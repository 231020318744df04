"""A flow of a project: deployed under the names of the project and its branch, which its steps can ask for."""

from metaflow import FlowSpec, current, project, step


@project(name="fraud", branch="feature_1")
class ProjectFlow(FlowSpec):
    @step
    def start(self):
        self.where = (current.project_name, current.branch_name, current.project_flow_name, current.is_production, current.is_user_branch)
        self.next(self.end)

    @step
    def end(self):
        pass
