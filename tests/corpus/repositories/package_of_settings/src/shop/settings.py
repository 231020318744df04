from dataclasses import dataclass

from .limits import Limits


@dataclass(frozen=True)
class Settings:
    env: str
    cpu: int = Limits.CPU
    memory: int = Limits.CPU * 2048

    def bucket(self, kind):
        return f"s3://{self.env}/{kind}"


SETTINGS = Settings("dev")
