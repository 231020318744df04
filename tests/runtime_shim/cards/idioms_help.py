# mypy: ignore-errors
"""What the flow of idioms imports: a module beside it, as Metaflow's test flows have one."""

import time

from metaflow import current
from metaflow.cards import get_cards
from metaflow.exception import MetaflowException
from metaflow.plugins.cards.exception import CardNotPresentException


class ResumeHere(MetaflowException):
    headline = "Resume requested"

    def __init__(self):
        super().__init__("the next run starts here")


def is_resumed():
    return current.origin_run_id is not None


def until_there(id, seconds=120):
    """Returns the running task's card, once there is one."""
    end = time.monotonic() + seconds
    while True:
        try:
            return get_cards(current.pathspec, id=id)[0]
        except CardNotPresentException:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)
