# idiom: an object is pickled by the step itself and kept as bytes, compressed
# expect: compiles
import gzip
import hashlib
import pickle

from metaflow import FlowSpec, step


class ByHand(FlowSpec):
    @step
    def start(self):
        self.blob = gzip.compress(pickle.dumps({"weights": [0.1] * 10}, protocol=4), mtime=0)
        self.next(self.end)

    @step
    def end(self):
        self.weights = pickle.loads(gzip.decompress(self.blob))["weights"]
        self.digest = hashlib.sha256(repr(self.weights).encode()).hexdigest()[:8]


if __name__ == "__main__":
    ByHand()
