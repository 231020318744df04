# idiom: a helper of Metaflow's machinery is called while the flow is imported
# expect: FLOW153
from metaflow import FlowSpec, step
from metaflow.plugins.kubernetes.kube_utils import parse_kube_keyvalue_list

WHO = parse_kube_keyvalue_list(["a=1"])


class AtImport(FlowSpec):
    @step
    def start(self):
        self.who = WHO
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AtImport()
