"""Names that AWS allows, made from the flow's: state machine, job definitions, states. No two steps ever share one.

Limits: state names 80 characters, unique in the whole machine (Amazon States Language, States); state machine names 80
(CreateStateMachine); names of jobs and job definitions 128 of `A-Z a-z 0-9 _ -` (SubmitJob, RegisterJobDefinition);
schedule names 64 (CreateSchedule). A name that must be changed ends in a digest of the original.
"""

from __future__ import annotations

from flowc.targets.shared.name_digest import digest

STATE_LENGTH = 80
MACHINE_LENGTH = 80
DEFINITION_LENGTH = 128
JOB_LENGTH = 128
SCHEDULE_LENGTH = 64

# Roles of states other than a step's own job. A step's name contains no space, so `STEP ROLE` is never a step's name.
ROLES = ("branches", "each", "items", "next", "outcome", "path", "unknown", "done")


def machine_name(name: str) -> str:
    """Returns the state machine's name for a flow of that name."""
    return _fitted(_plain(name), name, MACHINE_LENGTH)


def is_machine_name(name: str) -> bool:
    """Returns True for a valid state machine name."""
    return 0 < len(name) <= MACHINE_LENGTH and _plain(name) == name


def job_name(machine: str, step: str) -> str:
    """Returns the name of the step's jobs. It begins with a letter or digit, as Batch requires."""
    prefix = f"{machine}-" if machine[0].isalnum() else f"flow{machine}-"
    return prefix + _fitted(_plain(step), step, JOB_LENGTH - len(prefix))


def definition_name(machine: str, step: str, text: str) -> str:
    """Returns the name of the step's job definition with the content `text`. Different contents have different names.

    So to register a definition twice is harmless, and a new one does not affect a machine that exists already. No
    step's name contains a `-`, so neither the prefix nor the digest can be taken for part of it.
    """
    prefix, suffix = definition_prefix(machine), f"-{digest(text)}"
    return prefix + _fitted(_plain(step), step, DEFINITION_LENGTH - len(prefix) - len(suffix)) + suffix


def definition_prefix(machine: str) -> str:
    """Returns the prefix of the names of the state machine's job definitions, which no other machine has.

    A machine name that contains `--`, ends in `-` or begins with neither letter nor digit is replaced by its digest.
    """
    plain = machine[0].isalnum() and "--" not in machine and not machine.endswith("-")
    return f"{machine}--" if plain else f"flow-{digest(machine)}--"


def schedule_name(machine: str) -> str:
    """Returns the name of the state machine's schedule."""
    return _fitted(machine, machine, SCHEDULE_LENGTH)


def state_name(step: str, role: str = "") -> str:
    """Returns the name of the step's job state, or of its state with this `role`."""
    suffix = f" {role}" if role else ""
    # The length is the same for every role, so that the names of one step's states begin alike.
    return _fitted(step, step, STATE_LENGTH - 1 - max(map(len, ROLES))) + suffix


def _plain(name: str) -> str:
    if name.isascii() and name.isidentifier():
        return name
    return "".join(
        character if character.isascii() and (character.isalnum() or character in "_-") else "_" for character in name
    )


def _fitted(text: str, original: str, length: int) -> str:
    if text == original and len(text) <= length:
        return text
    return f"{text[: length - 9]}-{digest(original)}"
