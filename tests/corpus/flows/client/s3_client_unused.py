# idiom: an S3 block that runs only with a bucket, and object storage by boto3 that is not installed everywhere
# expect: compiles
import os

from metaflow import S3, FlowSpec, step


class Store(FlowSpec):
    def upload(self, text):
        bucket = os.environ.get("CORPUS_BUCKET")
        if bucket is None:
            return None
        with S3(s3root=f"s3://{bucket}/corpus") as s3:
            return s3.put("text", text)

    @step
    def start(self):
        self.url = self.upload("x")
        self.next(self.end)

    @step
    def end(self):
        if self.url:
            with S3() as s3:
                print(s3.get(self.url).text)


if __name__ == "__main__":
    Store()
