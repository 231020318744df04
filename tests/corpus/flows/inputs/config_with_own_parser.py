# idiom: a `Config` that a function of the flow parses
# options: --run-mutators
# expect: compiles
import configparser
import os

from metaflow import Config, FlowSpec, step


def ini(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return {section: dict(parser[section]) for section in parser.sections()}


class Ini(FlowSpec):
    config = Config("config", default=os.path.join(os.path.dirname(__file__), "settings.ini"), parser=ini)

    @step
    def start(self):
        self.host = self.config.server.host
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Ini()
