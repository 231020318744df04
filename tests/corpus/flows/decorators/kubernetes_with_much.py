# idiom: `@kubernetes` with an image, a GPU, labels and tolerations
# expect: compiles
# metaflow: it would start a pod
# run: it asks for a cluster, and flowc leaves it out locally
from metaflow import FlowSpec, kubernetes, step

IMAGE = "registry.example.org/train:1.2"


class Pods(FlowSpec):
    @kubernetes(
        image=IMAGE,
        cpu=2,
        memory=4096,
        gpu=1,
        node_selector={"pool": "gpu"},
        labels={"team": "ml"},
        tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    )
    @step
    def start(self):
        self.next(self.end)

    @kubernetes
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Pods()
