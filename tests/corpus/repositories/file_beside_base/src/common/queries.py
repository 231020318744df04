import os

from metaflow import FlowSpec, IncludeFile


class Queries(FlowSpec):
    query = IncludeFile("query", default=os.path.join(os.path.dirname(__file__), "sql", "all.sql"))
