from metaflow import FlowSpec, Parameter, current, step  # noqa: F401


class Base:
    def greet(self):
        return "hello"
