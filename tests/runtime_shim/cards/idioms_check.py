# mypy: ignore-errors
"""Reads the cards of the flow of idioms, with the client and with the command, and prints what it found as JSON.

Not a test: a Python with Metaflow, and one with flowc, run it beside the flow: `idioms_check.py FIRST_RUN RESUMED_RUN`.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile

from idioms_flow import Idioms
from metaflow.cards import get_cards
from metaflow.client import Flow, get_namespace, namespace
from metaflow.exception import MetaflowNamespaceMismatch
from metaflow.plugins.cards.exception import CardNotPresentException
from metaflow.util import is_stringish

TOP = ["--metadata=local", "--datastore=local", "--environment=local", "--event-logger=nullSidecarLogger"]


def command(*words):
    return subprocess.run(
        [sys.executable, "idioms_flow.py", *TOP, "--monitor=nullSidecarMonitor", "--no-pylint", *words],
        check=True,
        capture_output=True,
    )


def text_of(card, task):
    text = card.get()
    if card.type in ("test_error_card", "html"):
        return (
            "an error card" if "Card Render Failed With Error" in text or "base64" in text or len(text) > 1000 else text
        )
    if card.type == "test_pathspec_card":
        text = text[: len(task.pathspec)]
    if card.type in ("test_component_refresh_card", "test_refresh_card"):
        return "final" if '"final"' in text else text
    return text.replace(task.pathspec, "PATHSPEC")


def with_client(run):
    told = {}
    for step in run:
        tasks = sorted(step, key=lambda task: task.index or 0)
        for number, task in enumerate(tasks):
            try:
                cards = get_cards(run[step.id][task.id])
            except CardNotPresentException:
                continue
            assert len(get_cards(task, type="nobody's")) == 0 and not cards.from_resumed
            told[f"{step.id} {number}"] = sorted(([card.type, card.id, text_of(card, task)] for card in cards), key=str)
    return told


def with_command(run, step):
    """Asks as a script would: artifacts by `dump`, then each task's cards."""
    with tempfile.NamedTemporaryFile(dir=".") as file:
        command(
            "dump",
            "--max-value-size",
            "100000000000",
            "--private",
            "--include",
            "task",
            "--file",
            file.name,
            f"{run}/{step}",
        )
        with open(file.name, "rb") as reading:
            artifacts = pickle.load(reading)
    told = []
    for pathspec in sorted(artifacts):
        task = pathspec.split("/")[-1]
        assert artifacts[pathspec]["task"] == "Idioms/" + pathspec
        with tempfile.NamedTemporaryFile(dir=".") as file:
            command("--quiet", "card", "list", f"{run}/{step}/{task}", "--as-json", "--file", file.name)
            with open(file.name) as reading:
                listed = json.load(reading)
        assert listed["pathspec"] == artifacts[pathspec]["task"]
        for card in listed["cards"]:
            assert {"hash", "id", "type", "filename"} <= set(card)
            with tempfile.NamedTemporaryFile(dir=".") as file:
                command(
                    "--quiet",
                    "card",
                    "get",
                    f"{run}/{step}/{task}",
                    file.name,
                    "--type",
                    card["type"],
                    "--hash",
                    card["hash"],
                )
                with open(file.name) as reading:
                    text = reading.read()
            length = len(artifacts[pathspec]["task"]) if card["type"] == "test_pathspec_card" else None
            told.append([card["type"], card["id"], text.replace(listed["pathspec"], "PATHSPEC")[: length and 8]])
        try:
            command("--quiet", "card", "get", f"{run}/{step}/{task}", file.name, "--type", "nobody_s")
        except subprocess.CalledProcessError as error:
            assert CardNotPresentException.headline in error.stderr.decode()
        else:
            raise AssertionError("a card of no type")
    return sorted(told, key=str)


def main():
    first, resumed = sys.argv[1:]
    flow = Idioms(use_cli=False)
    run = Flow(flow.name)[first]
    assert sorted(step.name for step in flow) == sorted(step.id for step in Flow(flow.name)[resumed])
    assert get_namespace() == "user:" + os.environ["METAFLOW_USER"] and is_stringish("")
    namespace("user:nobody")
    try:
        Flow(flow.name)[first]
    except MetaflowNamespaceMismatch:
        pass
    else:
        raise AssertionError("a run of somebody else's")
    namespace(None)
    live = get_cards(run["start"].task, id="live")[0].get_data()
    passed = get_cards(run["passed_through"].task, id="live")[0].get_data()
    taken_over = Flow(flow.name)[resumed]["of_packages"].task
    cards = get_cards(taken_over)
    outcome = {
        "client": with_client(run),
        "inner": with_command(first, "inner"),
        "of_packages": with_command(first, "of_packages"),
        "live": [live["reload_token"], live["data"]["one"]["abc"] == run["start"].task["last"].data],
        "passed": [passed["reload_token"], passed["data"]["user"]["items"] == run["passed_through"].task["items"].data],
        "resumed": [
            cards.from_resumed, cards.origin_pathspec == taken_over.origin_pathspec == run["of_packages"].task.pathspec,
            sorted(text_of(card, run["of_packages"].task) for card in cards),
        ],
    }  # fmt: skip
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
