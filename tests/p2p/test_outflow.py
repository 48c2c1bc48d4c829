"""What one side sends: never more than the window, always to the last, and only what the other may have just now."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.chain import Grant
from p2p.limits import COMMIT_SEALED_BYTES_MAX, FRAME_BYTES_MAX, HEADER_BYTES_MAX, UNACKNOWLEDGED_BYTES_MAX
from p2p.local import Link, Membership, News, Page
from p2p.messages import CONTROL, SHARE, CommitParts, Commits, Fresh, Message, encode
from p2p.outflow import BATCH_BYTES, BATCH_COMMITS_MAX, Outflow
from p2p.scope import Pattern
from p2p.share import CONTROL_SHARE, Share, View, by_branch
from p2p.tree import digest_of
from tests.p2p.copies import branch_of, head_office, save

PEER = b"p" * 32
LEDGERS, JUNE, MAY, HO = (
    "masters/ledger",
    "vouchers/pun/sales/2026-06",
    "vouchers/pun/sales/2026-05",
    "vouchers/ho/x/2026-06",
)
LARGEST = COMMIT_SEALED_BYTES_MAX + HEADER_BYTES_MAX + 64


class Stored(NamedTuple):
    """A commit of which only size and name matter."""

    id: bytes
    size: int

    @property
    def parts(self) -> CommitParts:
        return self.id, bytes(64), bytes(max(0, self.size - 96))


def stored(scope: str, number: int, size: int = 400) -> Stored:
    return Stored(hashlib.sha256(f"{scope} {number}".encode()).digest(), size)


def size_of(parts: CommitParts) -> int:
    return sum(len(part or b"") for part in parts)


class Copy:
    """A copy that only holds commits; which scopes its peer may have can change at any time."""

    def __init__(self, **scopes: Sequence[Stored]) -> None:
        self.company = b"c" * 32
        self.scopes = {name: list(inside) for name, inside in scopes.items()}
        self.gives: tuple[Pattern, ...] = (Pattern.parse("masters/**"), Pattern.parse("vouchers/**"))
        self.read = 0

    def view(self, tree: int, peer: bytes) -> View:
        assert peer == PEER
        share = CONTROL_SHARE if tree == CONTROL else Share(b"", self.gives, self.gives)
        digests = {scope: digest_of(one.id for one in inside) for scope, inside in self.scopes.items()}
        return View(share, by_branch(digests), 0, lambda node: sorted(one.id for one in self.scopes.get(node, ())))

    def commits(self, scope: str, prefixes: Sequence[bytes]) -> list[CommitParts]:
        found = [one.parts for prefix in prefixes for one in self.scopes.get(scope, ()) if one.id.startswith(prefix)]
        self.read += sum(map(size_of, found))
        return found

    def page(self, scope: str, after: int, limit: int) -> Page:
        found = [one.parts for one in self.scopes[scope][after : after + limit]]
        self.read += sum(map(size_of, found))
        return Page(found, after + limit if len(found) == limit else None)

    def standing_of(self, device: bytes) -> Membership:
        return Membership.MEMBER

    def admitted_at(self, device: bytes) -> int:
        return 0

    def is_relay(self) -> bool:
        return False

    def revoked_at(self, device: bytes) -> int:
        return -1

    def made_by(self, device: bytes) -> Iterator[tuple[str, list[bytes]]]:
        return iter(())

    def chain_holds(self, seq: int, digest: bytes) -> bool:
        return True

    def chain_losing(self) -> list[tuple[int, bytes]]:
        return []

    def chain_lacking(self, held: Sequence[tuple[int, bytes]]) -> list[bytes]:
        return []

    def chain_head(self) -> tuple[int, bytes]:
        return 0, b""

    def chain_hash(self, seq: int) -> bytes | None:
        return b""

    def chain_entries(self, after: int) -> list[bytes]:
        return []

    def waits_for_key(self) -> bool:
        return False

    def link(self, peer: bytes) -> Link:
        return Link(0, peer, 0, met=True)

    def is_settled(self, link: int, share: bytes, node: str, mine: bytes, theirs: bytes) -> bool:
        return False

    def news(self, after: int, limit: int) -> list[News]:
        return []

    def lacking(self, scope: str, prefixes: Sequence[bytes]) -> list[bytes]:
        return list(prefixes)


class Flow:
    """An outflow with what it has sent."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.sent: list[Commits | Fresh] = []
        self.outflow = Outflow(copy, PEER, self._send)

    def _send(self, message: Message) -> None:
        assert isinstance(message, Commits | Fresh)
        assert len(encode(message)) <= FRAME_BYTES_MAX + 4
        self.sent.append(message)

    def names(self, number: int | None = None) -> list[bytes]:
        """The ids sent so far, in answer to one want or in all."""
        of = [one for one in self.sent if number is None or (isinstance(one, Commits) and one.number == number)]
        return [header for message in of for header, _, _ in message.commits]

    def unacknowledged(self, acknowledged: int) -> int:
        return sum(size_of(parts) for message in self.sent[acknowledged:] for parts in message.commits)

    def run(self, between: Callable[[int], None] = lambda _acknowledged: None) -> None:
        """Acknowledge every batch until nothing more is sent."""
        self.outflow.pump()
        acknowledged = 0
        while acknowledged < len(self.sent):
            between(acknowledged)
            assert self.outflow.acknowledged()
            acknowledged += 1
            self.outflow.pump()
        assert self.outflow.idle


def prefixes(commits: Sequence[Stored]) -> bytes:
    return b"".join(one.id[:8] for one in commits)


def test_the_window_is_filled_and_not_passed():
    copy = Copy(**{JUNE: [stored(JUNE, number, 100_000) for number in range(200)]})
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [("", None)])
    largest = 0

    def look(acknowledged: int) -> None:
        nonlocal largest
        waiting = flow.unacknowledged(acknowledged)
        last = sum(map(size_of, flow.sent[-1].commits))
        assert waiting - last < UNACKNOWLEDGED_BYTES_MAX
        largest = max(largest, waiting)

    flow.run(look)
    assert largest >= UNACKNOWLEDGED_BYTES_MAX - BATCH_BYTES - COMMIT_SEALED_BYTES_MAX - 1024
    assert flow.names() == [one.id for one in copy.scopes[JUNE]]
    assert flow.outflow.sent == 200


def test_no_more_is_read_than_is_sent():
    copy = Copy(**{JUNE: [stored(JUNE, number, 2_000) for number in range(20_000)]})
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [(JUNE, None)])
    flow.outflow.pump()
    assert flow.unacknowledged(0) <= copy.read < UNACKNOWLEDGED_BYTES_MAX + 3 * BATCH_BYTES
    flow.outflow.pump()
    before = len(flow.sent)
    assert flow.outflow.acknowledged()
    flow.outflow.pump()
    assert len(flow.sent) == before + 1


def test_batches_end_at_256_commits_or_with_the_one_that_fills_them():
    copy = Copy(
        **{
            LEDGERS: [stored(LEDGERS, number, 100) for number in range(600)],
            JUNE: [stored(JUNE, number, LARGEST) for number in range(5)],
        }
    )
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [(LEDGERS, None)])
    flow.outflow.wanted(2, SHARE, [(JUNE, None)])
    flow.run()
    assert [len(message.commits) for message in flow.sent] == [BATCH_COMMITS_MAX, BATCH_COMMITS_MAX, 88, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [("", None)],
        [("masters", None)],
        [("no/such/scope", None)],
        [("no/such/scope", b"12345678")],
        [(JUNE, b"")],
        [(JUNE, b"not there, and not of 8")],
        [("control/keys/0011223344556677", None)],
        [("control", None)],
    ],
)
def test_a_want_is_always_answered_to_the_last(items):
    flow = Flow(Copy(**{JUNE: []}))
    flow.outflow.wanted(9, SHARE, items)
    flow.outflow.pump()
    assert flow.sent == [Commits(9, True, [])]
    assert not flow.outflow.idle
    assert flow.outflow.acknowledged()
    assert flow.outflow.idle


sizes = st.lists(st.integers(100, 300_000), max_size=12)


@given(st.lists(sizes, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_every_want_gets_all_of_its_commits_in_order_and_one_last(wants, random):
    scopes = {
        f"masters/kind-{at}": [stored(str(at), number, size) for number, size in enumerate(want)]
        for at, want in enumerate(wants)
    }
    flow = Flow(Copy(**scopes))
    for number, (scope, inside) in enumerate(scopes.items()):
        flow.outflow.wanted(number, SHARE, [(scope, random.choice([None, prefixes(inside)]))])
    flow.run()
    for number, inside in enumerate(scopes.values()):
        answers = [message for message in flow.sent if isinstance(message, Commits) and message.number == number]
        assert flow.names(number) == [one.id for one in inside]
        assert [message.last for message in answers] == [False] * (len(answers) - 1) + [True]
    assert flow.outflow.sent == sum(map(len, wants))


def test_what_is_wanted_whole_comes_masters_first_and_the_newest_month_first():
    copy = Copy(**{scope: [stored(scope, 1)] for scope in (MAY, LEDGERS, HO, JUNE)})
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [("", None)])
    flow.run()
    assert flow.names() == [stored(scope, 1).id for scope in (LEDGERS, HO, JUNE, MAY)]


def test_nothing_outside_the_share_is_given_however_it_is_asked_for():
    copy = Copy(**{scope: [stored(scope, 1)] for scope in (LEDGERS, JUNE, HO)})
    copy.gives = (Pattern.parse("masters/**"), Pattern.parse("vouchers/ho/**"))
    flow = Flow(copy)
    secret = stored(JUNE, 1)
    flow.outflow.wanted(1, SHARE, [("", None), ("vouchers", None), (JUNE, None), (JUNE, secret.id[:8])])
    flow.outflow.wanted(2, CONTROL, [("", None), (JUNE, secret.id[:8]), ("masters", None)])
    flow.outflow.fresh(SHARE, [(JUNE, secret.id), (HO, stored(HO, 1).id)])
    flow.run()
    assert secret.id not in flow.names()
    assert flow.names(2) == []
    assert flow.names().count(stored(HO, 1).id) == 3


def test_rights_are_asked_again_while_a_scope_is_being_sent():
    """What is revoked in the middle of a scope stops with what was read already."""
    copy = Copy(**{JUNE: [stored(JUNE, number, 2_000) for number in range(6_000)], LEDGERS: [stored(LEDGERS, 1)]})
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [(JUNE, None), (LEDGERS, None), (JUNE, prefixes(copy.scopes[JUNE][5_900:]))])
    flow.outflow.pump()
    sent = len(flow.names())
    assert sent < 3_000
    copy.gives = (Pattern.parse("masters/**"),)
    flow.run()
    assert len(flow.names()) <= sent + 2 * BATCH_COMMITS_MAX
    assert stored(JUNE, 5_999).id not in flow.names()
    assert flow.names()[-1] == stored(LEDGERS, 1).id
    assert flow.sent[-1] == Commits(1, True, flow.sent[-1].commits)


def test_fresh_commits_go_after_what_was_asked_for_before():
    copy = Copy(**{JUNE: [stored(JUNE, number) for number in range(3)]})
    flow = Flow(copy)
    flow.outflow.wanted(1, SHARE, [(JUNE, prefixes(copy.scopes[JUNE][:1]))])
    flow.outflow.fresh(SHARE, [(JUNE, one.id) for one in copy.scopes[JUNE][1:]])
    flow.run()
    assert flow.sent == [
        Commits(1, True, [stored(JUNE, 0).parts]),
        Fresh([stored(JUNE, 1).parts, stored(JUNE, 2).parts]),
    ]


def test_fresh_commits_that_are_gone_or_not_for_this_peer_send_nothing():
    flow = Flow(Copy(**{JUNE: []}))
    flow.outflow.fresh(SHARE, [(JUNE, bytes(32)), ("control/rules", bytes(32))])
    flow.outflow.pump()
    assert flow.sent == []
    assert flow.outflow.idle


def test_an_acknowledgement_of_nothing_is_noticed():
    flow = Flow(Copy(**{JUNE: [stored(JUNE, 1)]}))
    assert not flow.outflow.acknowledged()
    flow.outflow.wanted(1, SHARE, [(JUNE, None)])
    flow.run()
    assert not flow.outflow.acknowledged()


def test_a_real_copy_gives_by_the_grants_of_its_control_chain():
    office = head_office()
    tablet = branch_of(office, "Tablet", grant=Grant(("control/**", "masters/**"), ("masters/**",)))
    ledger, voucher = save(office, LEDGERS, b"l" * 16, name="Cash"), save(office, HO, b"v" * 16, amount="1.00")
    sent: list[Message] = []
    outflow = Outflow(office, tablet.keys.id, sent.append)
    outflow.wanted(1, SHARE, [("", None), (HO, voucher.id[:8]), (LEDGERS, ledger.id[:8])])
    outflow.pump()
    parts = (ledger.header_bytes, ledger.signature, ledger.ciphertext)
    assert sent == [Commits(1, True, [parts, parts], office.view(SHARE, tablet.keys.id).share.id)]
