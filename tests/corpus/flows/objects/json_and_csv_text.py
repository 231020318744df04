# idiom: CSV and JSON are parsed from text with the standard library
# expect: compiles
import csv
import io
import json

from metaflow import FlowSpec, step

TABLE = """name,age
Ann,31
Bo,27
"""


class Parsing(FlowSpec):
    @step
    def start(self):
        reader = csv.DictReader(io.StringIO(TABLE))
        self.rows = [dict(row, age=int(row["age"])) for row in reader]
        self.next(self.end)

    @step
    def end(self):
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerows([row["name"], row["age"]] for row in self.rows)
        self.text = buffer.getvalue()
        self.json = json.dumps(self.rows, sort_keys=True)


if __name__ == "__main__":
    Parsing()
