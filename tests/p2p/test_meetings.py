"""Copies that save and meet at random, cut off in the middle: "in sync" is never shown falsely, and all end alike."""

import hashlib
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.chain import BranchAdded, Grant
from p2p.founding import append
from p2p.messages import SHARE
from p2p.replica import NotAllowed, Replica
from tests.p2p.copies import EVERYTHING, NOW, Line, branch_of, digest, head_office, save, sync

SCOPES = (
    "masters/ledger",
    "masters/group",
    "vouchers/ho/sales/2026-04",
    "vouchers/ho/sales/2026-05",
    "vouchers/pun/receipt/2026-04",
)
MASTERS_ONLY = Grant(("control/**", "masters/**"), ("masters/**",))
TURNS = (1, 2, 3, 8, 500)
STEPS = 40


class Company:
    """A head office, branches and a tablet that is granted masters alone, with lines between some of them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.office = head_office()
        self.copies = [self.office, branch_of(self.office, "Pune"), branch_of(self.office, "Nagpur")]
        self.names = ["Satara", "Latur", "Thane"]
        self.lines: dict[tuple[int, int], Line] = {}

    def step(self) -> None:
        """One thing that happens somewhere."""
        happening = self.random.choices([self.save, self.admit, self.add_branch, self.cut, self.meet], [9, 1, 1, 2, 7])[
            0
        ]
        happening()
        for line in self.lines.values():
            check(line)

    def save(self) -> None:
        copy, number = self.random.choice(self.copies), self.random.randrange(30)
        document = hashlib.sha256(str(number).encode()).digest()[:16]
        try:
            save(copy, self.random.choice(SCOPES), document, amount=f"{self.random.randrange(5)}.00")
        except NotAllowed:
            return
        self.nudge(copy)

    def admit(self) -> None:
        if self.names:
            grant = self.random.choice([EVERYTHING, MASTERS_ONLY])
            self.copies.append(branch_of(self.office, self.names.pop(), grant=grant))
            self.nudge(self.office)

    def add_branch(self) -> None:
        number = len(self.office.chain.branches)
        append(self.office, BranchAdded(time=NOW, code=f"b{number}", name=f"Branch {number}"))
        self.nudge(self.office)

    def cut(self) -> None:
        if self.lines:
            del self.lines[self.random.choice(sorted(self.lines))]

    def meet(self) -> None:
        """Two meet, or go on; as long as it takes, or only for a few turns."""
        pair = self.random.choice(list(combinations(range(len(self.copies)), 2)))
        if pair not in self.lines:
            one, other = self.random.sample(pair, 2)
            self.lines[pair] = Line(self.copies[one], self.copies[other])
        for _ in range(self.random.choice(TURNS)):
            if not self.lines[pair].step():
                break

    def nudge(self, copy: Replica) -> None:
        for line in self.lines.values():
            if copy in line.ends:
                line.nudge()


def check(line: Line) -> None:
    """Whoever says that both are in sync is right: nothing that may flow either way is left."""
    if line.in_sync:
        one, other = line.ends
        share, theirs = one.view(SHARE, other.keys.id).share, other.view(SHARE, one.keys.id).share
        assert share.id == theirs.id
        for scope in {*digest(one), *digest(other)}:
            control = scope.startswith("control/")
            gives, takes = control or share.may_give(scope), control or share.may_take(scope)
            assert (gives, takes) == (control or theirs.may_take(scope), control or theirs.may_give(scope))
            if gives and takes:
                assert digest(one).get(scope) == digest(other).get(scope), scope
            elif gives:
                assert ids_in(one, scope) <= ids_in(other, scope), scope
            elif takes:
                assert ids_in(other, scope) <= ids_in(one, scope), scope


def ids_in(replica: Replica, scope: str) -> set[bytes]:
    number = replica.store.find_scope(scope)
    return set() if number is None else set(replica.store.ids(number))


@given(st.randoms(use_true_random=False))
@settings(max_examples=settings().max_examples // 5)
def test_in_sync_is_never_shown_falsely_and_in_the_end_all_hold_the_same(random):
    company = Company(random)
    for _ in range(STEPS):
        company.step()
    for _ in range(2):
        for copy in company.copies[1:]:
            line = sync(*random.sample([copy, company.office], 2))
            assert line.in_sync
            check(line)
    for copy in company.copies[1:]:
        expected = digest(company.office)
        member = copy.chain.member(copy.keys.id)
        if member is not None and member.grant.read == MASTERS_ONLY.read:
            expected = {scope: total for scope, total in expected.items() if not scope.startswith("vouchers/")}
        assert digest(copy) == expected
