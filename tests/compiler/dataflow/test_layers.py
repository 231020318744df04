"""A `Layers` answers as a dict does, and what is made from it leaves it as it was."""

from __future__ import annotations

import random

from flowc.compiler.dataflow.layers import NOTHING, Changes, Layers, common

NAMES = [f"a{number}" for number in range(40)]


def as_dict(layers: Layers) -> dict[str, int]:
    return {name: layers[name] for name in layers}


def test_it_answers_as_a_dict_after_any_changes() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        layers, expected = NOTHING, dict[str, int]()
        versions = []
        for _ in range(60):
            changes = Changes(layers)
            for _ in range(chance.randint(0, 4)):
                name = chance.choice(NAMES)
                if chance.random() < 0.3:
                    changes.discard(name)
                    expected.pop(name, None)
                else:
                    changes[name] = expected[name] = chance.randint(0, 9)
                assert (name in changes, changes.get(name, -1)) == (name in expected, expected.get(name, -1))
            layers = changes.result()
            versions.append((layers, dict(expected)))
        for version, content in versions:
            assert as_dict(version) == content and len(version) == len(content)
            assert all((name in version) == (name in content) for name in NAMES)
            assert all(version.get(name) == content.get(name) for name in NAMES)


def test_no_change_is_no_copy() -> None:
    layers = Layers(dict.fromkeys(NAMES, True))
    changes = Changes(layers)
    changes.add(NAMES[0])
    changes.discard("b")
    assert changes.result() is layers


def test_a_long_chain_copies_little() -> None:
    copied = 0
    layers = NOTHING
    for number in range(2000):
        changes = Changes(layers)
        changes.add(f"a{number}")
        longer = changes.result()
        copied += sum(len(held) for held in longer._dicts if not any(held is old for old in layers._dicts))
        layers = longer
    assert len(layers) == 2000
    assert copied < 2000 * 20  # a dict for each step would be 2,001,000


def test_what_several_share_and_where_they_may_differ() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        several = [Layers(dict.fromkeys(NAMES[:30], 0))] * 3
        for _ in range(chance.randint(0, 5)):
            at = chance.randrange(3)
            changes = Changes(several[at])
            changes[chance.choice(NAMES)] = 1
            changes.discard(chance.choice(NAMES))
            several[at] = changes.result()
        shared, names = common(several)
        for layers, own in zip(several, names):
            for name in NAMES:
                assert name in own or (shared.get(name), name in shared) == (layers.get(name), name in layers)
