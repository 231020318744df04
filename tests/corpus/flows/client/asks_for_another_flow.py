# idiom: a step looks for the last run of a flow that never ran
# expect: compiles
from metaflow import Flow, FlowSpec, get_metadata, namespace, step
from metaflow.exception import MetaflowNotFound


class Looking(FlowSpec):
    @step
    def start(self):
        namespace(None)
        try:
            self.model = Flow("NeverRun").latest_successful_run.data.model
        except MetaflowNotFound:
            self.model = "default"
        self.next(self.end)

    @step
    def end(self):
        self.has_metadata = get_metadata().startswith("local")


if __name__ == "__main__":
    Looking()
