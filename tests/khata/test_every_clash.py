"""Every concurrent change of one register is listed, no sequential one is, and all copies list the same.

The oracle knows nothing of saves, parents or folding. It keeps, for each edit that the script makes, which edits its
author had seen, by the order in which the script made and delivered them; two edits of one register clash when neither
had seen the other, nobody has edited it since knowing of them, and they differ.
"""

import json
import random as randomness
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from khata.books import Books, Change
from khata.conflicts import list_conflicts
from khata.problems import find_problems
from khata.projection import BooksProjection
from khata.showing import shown
from p2p.founding import admit_device
from p2p.identity import DeviceKeys
from p2p.messages import CommitParts
from p2p.replica import Replica
from tests.khata.company import EVERYTHING, NOW, Clock, a_branch, a_company, a_store_with_tables, seeded, sync

COPIES = 4
"""The head office, and three devices of two branches: two of them in one branch, whose legs of transfers clash."""


EXAMPLES = settings().max_examples // 4
"""Each founds a company; a quarter of what the profile asks for."""


class Kind(NamedTuple):
    """A document: where it lies, the registers that are edited, by which copies, and what it begins with."""

    scope: str
    kind: str
    values: Mapping[str, Sequence[Any]]
    copies: Mapping[str, Sequence[int]] = MappingProxyType({})
    begun: tuple[int, dict[str, Any]] | None = None


def posting(amount: str, base: str = "receipt") -> dict[str, Any]:
    entries = [{"ledger": b"c" * 16, "amount": amount}, {"ledger": b"d" * 16, "amount": f"-{amount}"}]
    return {"base": base, "type": b"t" * 16, "date": "2026-04-02", "entries": entries}


AMOUNTS = ("1.00", "2.00", "3.00")

KINDS = (
    Kind(
        "vouchers/ho/receipt/2026-04", "voucher",
        {
            "posting": [posting(amount) for amount in AMOUNTS], "number": ["1", "2", ""], "narration": ["a", "b", "c"],
            "cancelled": [True, False], "optional": [True, False], "reference": ["x", "y"],
            "attachment:aa": [b"1", b"2"], "from-a-newer-khata": [{"deep": [1, None]}, 2, "3"],
        },
    ),
    Kind(
        "masters/ledger", "ledger",
        {
            "name": ["Asha", "Ravi", "Meera"], "group": [b"g" * 16, b"h" * 16, None], "opening": ["0.00", "5.00"],
            "gst": [{"gstin": "1"}, {"gstin": "2"}], "aliases": [["A"], ["B"], []], "deleted": [True, False],
            "merged_into": [b"m" * 16, None], "address": [["1 Road"], ["2 Road"]],
        },
    ),
    Kind("masters/group", "group", {"name": ["North", "South"], "parent": [b"g" * 16, None], "nature": ["assets", ""]}),
    Kind(
        "masters/stock-item", "stock-item",
        {"name": ["Soap", "Salt"], "unit": [b"u" * 16, b"v" * 16], "opening": [[], "bad"]},
    ),
    Kind("masters/voucher-type", "voucher-type", {"base": ["sales", "receipt"], "name": ["Bill", "Cash Bill"]}),
    Kind(
        "transfers/ho~pun/2026-04", "transfer",
        {"dispatch": [{"posting": posting(amount, "payment")} for amount in AMOUNTS]},
        {"dispatch": (1, 2)}, (1, {"route": {"from": "pun", "to": "ho", "carries": "cash"}}),
    ),
    Kind(
        "transfers/ho~pun/2026-04", "transfer",
        {
            "dispatch": [{"posting": posting(amount, "payment")} for amount in AMOUNTS],
            "receipt": [{"posting": posting(amount), "number": "R1"} for amount in AMOUNTS],
        },
        {"dispatch": (0,), "receipt": (1, 2)}, (0, {"route": {"from": "ho", "to": "pun", "carries": "cash"}}),
    ),
)  # fmt: skip


class Edit(NamedTuple):
    """One edit of the script: a document (by kind), its registers, and the edits its author had seen."""

    document: int
    values: dict[str, Any]
    seen: frozenset[int]


class World:
    """Copies that edit and deliver to each other, and what an onlooker writes down of it."""

    def __init__(self) -> None:
        office = a_company()
        self.copies = [office, a_branch(office, "Pune"), second_device(office), a_branch(office, "Nagpur")]
        for books in self.copies[1:]:
            sync(books, office)
        self.edits: list[Edit] = []
        self.commits: list[CommitParts] = []
        self.held: list[set[int]] = [set() for _ in range(COPIES)]
        for document, kind in enumerate(KINDS):
            if kind.begun is not None:
                self.make(kind.begun[0], document, kind.begun[1])
        for copy in range(COPIES):
            self.deliver(copy, self.lacking(copy))

    def name(self, document: int) -> tuple[str, str, bytes]:
        return KINDS[document].scope, KINDS[document].kind, bytes([65 + document]) * 16

    def make(self, copy: int, document: int, values: dict[str, Any]) -> None:
        """Let a copy set registers, looking at what it holds."""
        books, (scope, kind, id) = self.copies[copy], self.name(document)
        held = books.replica.document(scope, kind, id)
        (commit,) = books.save(scope, [Change(kind, id, values, held.heads() if held else ())])
        here = {edit for edit in self.held[copy] if self.edits[edit].document == document}
        seen = here.union(*(self.edits[edit].seen for edit in here))
        self.held[copy].add(len(self.edits))
        self.edits.append(Edit(document, values, frozenset(seen)))
        self.commits.append((commit.header_bytes, commit.signature, commit.ciphertext))

    def deliver(self, copy: int, edits: Sequence[int]) -> None:
        """Let commits arrive at a copy, in this order, whatever they build on."""
        replica = self.copies[copy].replica
        source = self.copies[copy - 1].replica.keys.id
        for edit in edits:
            replica.ingest_from(replica.check_untrusted([self.commits[edit]]), source, None, NOW)
        self.copies[copy].names.forget()
        self.held[copy].update(edits)

    def lacking(self, copy: int) -> list[int]:
        return sorted(set(range(len(self.edits))) - self.held[copy])

    def expected(self, held: set[int]) -> dict[tuple[int, str], set[str]]:
        """Which values the oracle wants to see listed where these edits are held."""
        found: dict[tuple[int, str], set[str]] = {}
        registers = {(self.edits[edit].document, register) for edit in held for register in self.edits[edit].values}
        for document, register in registers:
            setters = [
                edit for edit in held
                if self.edits[edit].document == document and register in self.edits[edit].values
            ]  # fmt: skip
            last = [edit for edit in setters if not any(edit in self.edits[other].seen for other in setters)]
            values = {said(self, document, register, self.edits[edit].values[register]) for edit in last}
            if len(values) > 1:
                found[document, register] = values
        return found

    def listed(self, copy: int, incomplete: bool) -> dict[tuple[int, str], set[str]]:
        """What a copy lists; `incomplete` ones only where they are asked for."""
        documents = {self.name(document)[2].hex(): document for document in range(len(KINDS))}
        return {
            (documents[conflict["document"]], conflict["register"]): {
                json.dumps(value["value"], sort_keys=True) for value in conflict["values"]
            }
            for conflict in list_conflicts(self.copies[copy])
            if incomplete or not conflict["incomplete"]
        }


def said(world: World, document: int, register: str, value: Any) -> str:
    return json.dumps(shown(world.copies[0].names, KINDS[document].kind, register, value), sort_keys=True)


def second_device(office: Books) -> Books:
    """Another device of Pune."""
    random = seeded("Pune 2")
    keys = DeviceKeys.generate(random)
    admit_device(office.replica, (keys.public, keys.seal_public), "Pune 2", "pun", "PUN2", EVERYTHING, NOW)
    replica = Replica(a_store_with_tables(), keys, office.company, BooksProjection(), random)
    replica.extend_chain(office.replica.chain_entries(-1))
    return Books(replica, "pune 2", None, Clock(), random)


@st.composite
def scripts(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Edits (copy, document, registers) of one or two documents, and deliveries (copy, chance) between them."""
    documents = draw(st.lists(st.sampled_from(range(len(KINDS))), min_size=1, max_size=2, unique=True))
    deliveries = st.tuples(st.integers(0, COPIES - 1), st.integers(0, 2**32))
    edits = st.one_of([edits_of(document) for document in documents])
    return draw(st.lists(st.one_of(edits, edits, deliveries), min_size=4, max_size=24))


def edits_of(document: int) -> st.SearchStrategy[tuple[int, int, dict[str, Any]]]:
    """A copy, a document, and what the copy sets of it: one register mostly, sometimes several at once."""
    kind = KINDS[document]

    def by(copy: int) -> st.SearchStrategy[dict[str, Any]]:
        allowed = [register for register in sorted(kind.values) if copy in kind.copies.get(register, range(COPIES))]
        values = {register: st.sampled_from(kind.values[register]) for register in allowed}
        some = st.lists(st.sampled_from(allowed), min_size=1, max_size=3, unique=True)
        return some.flatmap(lambda registers: st.fixed_dictionaries({one: values[one] for one in registers}))

    editors = sorted({copy for copies in kind.copies.values() for copy in copies}) or range(COPIES)
    return st.sampled_from(editors).flatmap(lambda copy: st.tuples(st.just(copy), st.just(document), by(copy)))


@settings(max_examples=EXAMPLES)
@given(scripts(), st.integers(0, 2**32))
def test_all_clashes_and_nothing_else(script, seed):
    world = World()
    for step in script:
        if len(step) == 3:
            world.make(*step)
            continue
        copy, chance = step
        arriving = [edit for edit in world.lacking(copy) if randomness.Random(chance + edit).random() < 0.6]
        randomness.Random(chance).shuffle(arriving)
        world.deliver(copy, arriving)
        expected = world.expected(world.held[copy])
        for where, values in world.listed(copy, incomplete=False).items():
            assert expected.get(where) == values, "what is listed as complete is a clash, however little has arrived"
        everything = world.listed(copy, incomplete=True)
        for where, values in expected.items():
            assert values <= everything.get(where, set()), "a clash is listed as soon as both sides are here"
    for copy in range(COPIES):
        arriving = world.lacking(copy)
        randomness.Random(seed + copy).shuffle(arriving)
        world.deliver(copy, arriving)
    expected = world.expected(set(range(len(world.edits))))
    lists = [list_conflicts(copy) for copy in world.copies]
    problems = [[problem.json() for problem in find_problems(copy)] for copy in world.copies]
    for copy in range(COPIES):
        assert world.listed(copy, incomplete=True) == expected
        assert lists[copy] == lists[0]
        assert problems[copy] == problems[0]
    assert not any(conflict["incomplete"] for conflict in lists[0])
