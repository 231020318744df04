"""`record` behaves as a frozen, slotted dataclass does."""

from __future__ import annotations

import copy
import doctest
import pickle

import pytest
from flowc.compiler.fast_start import record as module
from flowc.compiler.fast_start.record import record, replace


@record
class Place:
    """A place."""

    x: int
    y: int = 0
    names: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.x + self.y


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


def test_construction_equality_hash_and_repr() -> None:
    assert Place(1, names=("a",)) == Place(x=1, y=0, names=("a",))
    assert Place(1) != Place(2) and Place(1).__eq__((1, 0, ())) is NotImplemented
    assert len({Place(1), Place(1), Place(2)}) == 2
    assert repr(Place(1)) == "Place(x=1, y=0, names=())"
    assert Place(1, 2).total == 3 and Place.__doc__ == "A place."


def test_frozen_and_slotted() -> None:
    place = Place(1)
    with pytest.raises(AttributeError):
        place.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del place.x
    with pytest.raises(AttributeError):
        object.__setattr__(place, "z", 1)


def test_copies() -> None:
    place = Place(1, 2, ("a",))
    assert pickle.loads(pickle.dumps(place)) == place and copy.deepcopy(place) == place
    assert replace(place, x=5) == Place(5, 2, ("a",))
    with pytest.raises(TypeError):
        replace(place, z=1)


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError):
        Place()  # type: ignore[call-arg]
    with pytest.raises(TypeError):

        @record
        class Wrong:
            a: int = 0
            b: int  # type: ignore[misc]


def test_match() -> None:
    match Place(1, 2):
        case Place(x, y=y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no match")


def test_a_class_with_many_values_gets_a_constructor_that_does_the_same() -> None:
    @record
    class Point:
        x: int
        names: list[str]
        y: int = 7

    @record
    class Empty:
        pass

    first = Point.__init__
    names: list[str] = []
    for number in range(2 * module._MANY):
        assert Point(number, names) == Point(names=names, x=number) == Point(number, y=7, names=names)
        assert Point(number, names).names is names
        assert Empty() == Empty()
    assert Point.__init__ is not first
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Point(1, names).x = 2  # type: ignore[misc]
