# idiom: `S3(run=self)` keeps objects for each run
# expect: compiles
# metaflow: it needs a bucket
# run: it needs a bucket
import json

from metaflow import S3, FlowSpec, step


class Objects(FlowSpec):
    @step
    def start(self):
        with S3(run=self) as s3:
            self.url = s3.put("scores", json.dumps({"a": 1}))
            self.many = s3.put_many([("x", "1"), ("y", "2")])
        self.next(self.end)

    @step
    def end(self):
        with S3(run=self) as s3:
            self.scores = json.loads(s3.get("scores").text)
            self.sizes = [found.size for found in s3.get_all()]


if __name__ == "__main__":
    Objects()
