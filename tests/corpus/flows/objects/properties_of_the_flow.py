# idiom: properties, static methods and class methods of the flow help its steps
# expect: compiles
from metaflow import FlowSpec, Parameter, step


class Helped(FlowSpec):
    bucket = Parameter("bucket", default="models")

    @property
    def root(self):
        return f"s3://{self.bucket}"

    @staticmethod
    def clean(text):
        return text.strip().lower()

    @classmethod
    def kind(cls):
        return cls.__name__

    @step
    def start(self):
        self.words = [self.clean(word) for word in (" A", "b ")]
        self.place = self.root + "/" + self.kind()
        self.next(self.end)

    @step
    def end(self):
        self.again = Helped.clean(" X ")


if __name__ == "__main__":
    Helped()
