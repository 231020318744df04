import json
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
DATA_DIR = BASE_DIR / "data"


def labels():
    return sorted(json.loads((BASE_DIR / "labels.json").read_text()))
