import os

from metaflow import FlowSpec, current, step


class WhereAmI(FlowSpec):
    """What a flow is for."""

    @step
    def start(self):
        """What the step is for."""
        self.names = (current.flow_name, current.step_name, current.retry_count, current.origin_run_id, current.username, current.namespace)
        self.kinds = [type(each).__name__ for each in (current.run_id, current.task_id, current.pathspec, current.tempdir)]
        self.joined = current.pathspec == "/".join([current.flow_name, current.run_id, current.step_name, current.task_id])
        self.running = current.is_running_flow
        self.inside = ("flow_name" in current, "origin_run_id" in current, "nothing_such" in current)
        self.got = (current.get("step_name"), current.get("nothing_such", 7), current.get("origin_run_id", 8))
        try:
            current.nothing_such
        except AttributeError:
            self.refused = True
        self.unset = [hasattr(current, name) for name in ("project_name", "branch_name", "is_production", "trigger", "card")]
        self.graph = sorted(current.graph["steps"])
        self.of_step = {key: current.graph["steps"]["start"][key] for key in ("name", "type", "next", "doc", "node_info")}
        self.doc = current.graph["doc"]
        self.file = os.path.basename(current.graph["file"])
        self.structure = current.graph["graph_structure"]
        self.me = (self.__class__.__name__, self.name, self.script_name)
        self.steps = sorted(each.__name__ for each in self)
        self.text = str(self)
        self.next(self.end)

    @step
    def end(self):
        self.seen = current.step_name


if __name__ == "__main__":
    WhereAmI()
