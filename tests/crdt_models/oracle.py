"""What folding has to come to, found by plain search: who can reach whom, and nothing else.

Slow on purpose, and written without looking at `crdt_models.folding`: tests compare the two.
"""

import hashlib
from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from crdt_models.folding import Claim, Conflict, Folded, MayWrite
from crdt_models.packing import Value, pack
from crdt_models.saves import Save

REGISTERS = ("amount", "name", "party")
VALUES: tuple[Value, ...] = (None, True, 1, "1", b"1", [1], [True], {"a": 1})
AUTHORS = tuple(bytes([number]) * 8 for number in range(3))
Saves = dict[bytes, Save]


def save_id(*name: object) -> bytes:
    return hashlib.sha256(repr(name).encode()).digest()[:16]


def a_save(name: str, /, *parents: Save, time: int = 0, author: int = 0, **values: Value) -> Save:
    ids = tuple(one.id for one in parents)
    return Save(save_id(name), AUTHORS[author], time, ids, values, f"user {author}", "entry")


def by_id(*saves: Save) -> Saves:
    return {save.id: save for save in saves}


@st.composite
def graphs(draw: st.DrawFn, size_max: int = 9) -> Saves:
    """Saves by several authors, each knowing any of those before it; some parents are not here."""
    salt, size = draw(st.integers(0, 1 << 20)), draw(st.integers(1, size_max))
    made: list[Save] = []
    for number in range(size):
        known = [made[at] for at in draw(st.sets(st.integers(0, number - 1), max_size=3))] if made else []
        absent = draw(st.sets(st.integers(0, 2), max_size=1)) if draw(st.integers(0, 4)) == 0 else set()
        parents = sorted([one.id for one in known] + [save_id(salt, "absent", which) for which in absent])
        values = draw(st.dictionaries(st.sampled_from(REGISTERS), st.sampled_from(VALUES), max_size=3))
        author, time = draw(st.integers(0, 2)), draw(st.integers(0, 3))
        made.append(
            Save(save_id(salt, number), AUTHORS[author], time, tuple(parents), values, f"user {author}", "entry")
        )
    return by_id(*made)


rights = st.frozensets(st.tuples(st.sampled_from(REGISTERS), st.sampled_from(AUTHORS)))


# -- the oracle -----------------------------------------------------------------------------------------------------


def knows(saves: Mapping[bytes, Save], later: Save, earlier: Save) -> bool:
    """Whether one save was made with knowledge of another: plain search through parents that are here."""
    ahead, seen = list(later.parents), set()
    while ahead:
        at = ahead.pop()
        if at == earlier.id:
            return True
        if at in saves and at not in seen:
            seen.add(at)
            ahead.extend(saves[at].parents)
    return False


def lacks_an_ancestor(saves: Mapping[bytes, Save], save: Save) -> bool:
    return any(parent not in saves or lacks_an_ancestor(saves, saves[parent]) for parent in save.parents)


def alike(one: Value, other: Value) -> bool:
    return repr(one) == repr(other)


def last_words(saves: Mapping[bytes, Save], register: str, may_write: MayWrite | None) -> list[Save]:
    """The saves whose value of a register no other save replaced knowingly, the one that shows first."""
    setting = [
        save
        for save in saves.values()
        if register in save.values and (may_write is None or may_write(register, save.author))
    ]
    left = [save for save in setting if not any(knows(saves, other, save) for other in setting)]
    return sorted(left, key=lambda save: (save.time, save.id), reverse=True)


def expected_claims(words: Iterable[Save], register: str) -> tuple[Claim, ...]:
    claims: list[Claim] = []
    for save in words:
        value = save.values[register]
        if not any(alike(value, claim.value) for claim in claims):
            claims.append(Claim(value, save.id, save.author, save.user, save.time))
    return tuple(claims)


def expected(saves: Saves, may_write: MayWrite | None = None) -> Folded:
    values: dict[str, Value] = {}
    conflicts = []
    for register in REGISTERS:
        words = last_words(saves, register, may_write)
        claims = expected_claims(words, register)
        if claims:
            values[register] = claims[0].value
        if len(claims) > 1:
            incomplete = any(lacks_an_ancestor(saves, save) for save in words)
            conflicts.append(Conflict(register, claims, incomplete))
    named = {parent for save in saves.values() for parent in save.parents}
    version = tuple(sorted(set(saves) - named))
    return Folded(values, tuple(conflicts), version, min(save.time for save in saves.values()))


def check_equal(folded: Folded, other: Folded) -> None:
    assert folded == other
    assert pack(dict(folded.values)) == pack(dict(other.values)), "True and 1 are equal in Python, and not here"
