from dataclasses import dataclass

from ..constants import PREFIX


@dataclass
class Linear:
    slope: float = 1
    label: str = PREFIX

    def predict(self, rows):
        return [self.slope * row for row in rows]
