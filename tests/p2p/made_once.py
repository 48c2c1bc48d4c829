"""What many tests begin with is made once in a test process; each of them works on copies of its own, in memory.

What is kept of a copy is what its database holds, its keys and the state of its random bytes: whatever is done with
what is made of them again is what would have been done with the first.
"""

import sqlite3
from collections.abc import Callable, Hashable
from functools import singledispatch, wraps
from random import Random
from typing import Any, NamedTuple, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from p2p.replica import Replica
from tests.p2p.stores import copy_of, store_of

KEPT_MAX = 150
"""How many things a test process keeps, of half a megabyte for each copy in them; the oldest goes first."""

Made = TypeVar("Made")
Arguments = ParamSpec("Arguments")


class Image(NamedTuple):
    """What is in a copy: what its database holds, and the state that its random bytes have come to."""

    content: sqlite3.Connection
    random: tuple[Any, ...]


class Beside(NamedTuple):
    """What making a copy beside a head office has made of both."""

    office: Image
    again: Callable[[], Replica]


class Origin(NamedTuple):
    """How a copy came to be, and how many rows had been written in it: it tells its content until one more is."""

    story: Hashable
    rows_written: int


_KEPT: dict[Hashable, Any] = {}
_ORIGINS: WeakKeyDictionary[Replica, Origin] = WeakKeyDictionary()


def made_once(make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
    """Let a function make a single time what it makes of the same arguments; every call gets copies of that.

    It depends on its arguments alone, and returns copies in memory: one, or several in a tuple or a list.
    """

    @wraps(make)
    def again(*given: Arguments.args, **named: Arguments.kwargs) -> Made:
        story = (make.__module__, make.__qualname__, given, tuple(sorted(named.items())))
        made: Made = _kept(story, lambda: keeping(make(*given, **named)))()
        for place, replica in enumerate(replicas_of(made)):
            _begin(replica, (story, place))
        return made

    return again


def beside(office: Replica, step: Hashable, make: Callable[[], Replica]) -> Replica:
    """Make a copy beside a head office, which is written to as well; what was made once is only copied into both.

    Args:
        step: tells what is made from whatever else may be made beside this office.
    """
    origin = _ORIGINS.get(office)
    if origin is None or origin.rows_written != office.db.total_changes:
        return make()
    story = (origin.story, step)
    kept: Beside = _kept(story, lambda: _make_beside(office, make))
    kept.office.content.backup(office.db)
    generator_of(office).setstate(kept.office.random)
    office.recall()
    _begin(office, (story, "office"))
    made = kept.again()
    _begin(made, (story, "made"))
    return made


def _make_beside(office: Replica, make: Callable[[], Replica]) -> Beside:
    again = keeping(make())
    return Beside(image_of(office), again)


def _kept(story: Hashable, make: Callable[[], Any]) -> Any:
    if story not in _KEPT:
        made = make()
        while len(_KEPT) >= KEPT_MAX:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[story] = made
    return _KEPT[story]


def _begin(replica: Replica, story: Hashable) -> None:
    _ORIGINS[replica] = Origin(story, replica.db.total_changes)


def generator_of(replica: Replica) -> Random:
    """Where the random bytes of a test's copy come from."""
    generator = getattr(replica._random, "__self__", None)
    assert isinstance(generator, Random), "this copy was not made with `seeded` random bytes"
    return generator


def image_of(replica: Replica) -> Image:
    """What is in a copy just now."""
    return Image(copy_of(replica.db), generator_of(replica).getstate())


@singledispatch
def replicas_of(made: Any) -> list[Replica]:
    """The copies in what a function returned."""
    return []


@replicas_of.register
def _(made: Replica) -> list[Replica]:
    return [made]


@replicas_of.register(tuple)
@replicas_of.register(list)
def _(made: tuple[Any, ...] | list[Any]) -> list[Replica]:
    return [replica for one in made for replica in replicas_of(one)]


@singledispatch
def keeping(made: Any) -> Callable[[], Any]:
    """Remember something as it is now; what is returned makes it again."""
    return lambda: made


@keeping.register
def _(made: Replica) -> Callable[[], Replica]:
    image, keys, company, tables = image_of(made), made.keys, made.company, type(made._projection)

    def again() -> Replica:
        random = Random()
        random.setstate(image.random)
        return Replica(store_of(image.content), keys, company, tables(), random.randbytes)

    return again


@keeping.register(tuple)
@keeping.register(list)
def _(made: tuple[Any, ...] | list[Any]) -> Callable[[], Any]:
    again = [keeping(one) for one in made]
    whole = getattr(type(made), "_make", type(made))
    return lambda: whole(make() for make in again)
