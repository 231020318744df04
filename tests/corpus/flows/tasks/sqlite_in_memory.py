# idiom: a step asks a database
# expect: compiles
import sqlite3
from contextlib import closing

from metaflow import FlowSpec, step

QUERY = """
    SELECT name, SUM(amount) AS total
    FROM sales GROUP BY name ORDER BY name
"""


class Sales(FlowSpec):
    @step
    def start(self):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE TABLE sales (name TEXT, amount REAL)")
            connection.executemany("INSERT INTO sales VALUES (?, ?)", [("a", 1), ("b", 2), ("a", 3)])
            self.rows = connection.execute(QUERY).fetchall()
        self.next(self.end)

    @step
    def end(self):
        self.totals = dict(self.rows)


if __name__ == "__main__":
    Sales()
