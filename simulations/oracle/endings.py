"""What has to hold when all is healed: all have what is theirs, and books on the same ground are the same."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from simulations.oracle.claims import missing, said
from simulations.oracle.reading import CARRIED, WAITING, Copy, Row
from simulations.oracle.relays import leaked
from simulations.oracle.rules import Shares
from simulations.oracle.scopes import any_matches, is_control
from simulations.oracle.watched import Fault, Watched

Meets = Callable[[str, str], bool]
"""Whether two copies can reach each other, by their names."""
_series = re.compile(r"(.*/[A-Z]?)([0-9]+)")


def missing_faults(watched: Watched, meets: Meets) -> Iterator[Fault]:
    """What has not come where it has to be, or was not opened there."""
    copies = list(watched.belonging())
    for giver in copies:
        shares = watched.entitled[giver.name].now
        for taker in copies:
            if giver is not taker and shares is not None and meets(giver.name, taker.name):
                yield from _handed_on(watched, giver, taker, shares)
    for copy in copies:
        rows = _unread(copy)
        if rows:
            yield "complete", f"{copy.name} may read {said(rows)} and has not opened them"


def _handed_on(watched: Watched, giver: Copy, taker: Copy, shares: Shares) -> Iterator[Fault]:
    if giver.chain is not taker.chain:
        yield "complete", f"{giver.name} and {taker.name} do not know the same control entries"
    rows = missing(giver, taker, shares)
    if rows:
        acknowledged = set().union(*watched.acknowledged.values())
        saved = sum(row.id in acknowledged for row in rows)
        kind = f", {saved} of them acknowledged saves" if saved else ""
        yield "complete", f"{taker.name} lacks {said(rows)} that {giver.name} has{kind}"


def _unread(copy: Copy) -> list[Row]:
    member = copy.chain.member(copy.device) if copy.chain is not None else None
    if member is None or member.is_relay:
        return []
    shut = [row for row in copy.rows if copy.states.get(row.id) in (WAITING, CARRIED)]
    return [row for row in shut if any_matches(member.grants[-1].read, row.scope)]


def relay_faults(watched: Watched, secrets: Collection[str]) -> Iterator[Fault]:
    """What relays hold that only members may have."""
    for copy in watched.copies.values():
        if copy.is_relay:
            yield from (("relay", f"{copy.name}: {text}") for text in leaked(copy.path, watched.keys, secrets))


def unequal_faults(watched: Watched) -> Iterator[Fault]:
    """Books that rest on the same commits, and do not say the same."""
    devices = list(watched.devices())
    for at, one in enumerate(devices):
        for other in devices[at + 1 :]:
            if one.chain is other.chain:
                yield from _differences(watched, one, other)


def _differences(watched: Watched, one: Copy, other: Copy) -> Iterator[Fault]:
    same = {
        scope
        for scope in one.held.keys() & other.held.keys()
        if not is_control(scope)
        and one.held[scope] == other.held[scope]
        and all(watched.entitled[copy.name].may_show(scope) for copy in (one, other))
    }
    mine, theirs = watched.shown.get(one.name, {}), watched.shown.get(other.name, {})
    for document in sorted(mine.keys() | theirs.keys()):
        here, there = mine.get(document, {}), theirs.get(document, {})
        for place in sorted(here.keys() | there.keys()):
            if place.partition(" ")[0] in same and here.get(place) != there.get(place):
                shown = f"{here.get(place)} and {there.get(place)}"
                yield "equal", f"{one.name} and {other.name} show voucher {document.hex()[:8]} differently: {shown}"


def number_faults(watched: Watched, duplicates: Mapping[str, Collection[str]] | None) -> Iterator[Fault]:
    """Numbers that were given twice, or are and stand in no list.

    Args:
        duplicates: by device, the numbers that its books list as given twice; None not to look.
    """
    if not watched.numbers_may_double:
        of_number: dict[tuple[object, object], set[tuple[bytes, str]]] = {}
        for shown in watched.shown.values():
            for document, places in shown.items():
                for place, (number, _, base, _, _, cancelled, *_) in places.items():
                    if number and not cancelled:
                        of_number.setdefault((number, base), set()).add((document, place))
        for (number, base), found in sorted(of_number.items(), key=repr):
            if len(found) > 1:
                yield "numbers", f"{len(found)} vouchers of type {base} in the company have the number {number}"
    yield from _skipped(watched)
    for name, listed in (duplicates or {}).items():
        for number, base in sorted(watched.doubled.get(name, {})):
            if number not in listed:
                yield "numbers", f"{name} holds several vouchers of type {base} with the number {number}: not listed"


def _skipped(watched: Watched) -> Iterator[Fault]:
    """Numbers that a device has passed over in a series of its own."""
    for copy in watched.devices():
        given: dict[tuple[str, object], set[int]] = {}
        for places in watched.shown.get(copy.name, {}).values():
            for number, _, base, *_, author, _, _, _ in places.values():
                found = _series.fullmatch(str(number)) if author == copy.device[:8] else None
                if found is not None:
                    given.setdefault((found[1], base), set()).add(int(found[2]))
        for (series, base), numbers in sorted(given.items(), key=repr):
            if copy.device not in watched.put_back and len(numbers) < max(numbers):
                skipped = min(set(range(1, max(numbers))) - numbers)
                yield "numbers", f"{copy.name} has passed over number {skipped} of type {base} in the series {series}"
