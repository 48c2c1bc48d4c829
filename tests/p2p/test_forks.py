"""A forked control chain: whatever lines there are and in whatever order they are met, all end with the same one."""

from collections.abc import Sequence
from itertools import permutations
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.chain import Admitted, Chain, Epoch, KeeperMoved, Locked, Recovered, Revoked, Setting
from p2p.chain_entries import Body, Entry, make_entry
from p2p.chain_store import lacking, lost_entries
from p2p.errors import ChainError
from p2p.forks import lost, parting, rank
from p2p.identity import DeviceKeys
from p2p.limits import FORK_BYTES_MAX, FORK_ENTRIES_MAX, FORKS_MAX
from tests.p2p.copies import revoked_in
from tests.p2p.test_chain import HO, PUNE, RECOVERY, TILL, a_company, admitted, encoded, keys_of, recovered

KEYS = {keys.id: keys for keys in (HO, PUNE, TILL, keys_of("new"), keys_of("newer"))}
SPAN = ("vouchers/**",)


def company() -> Chain:
    """Head office, Pune and a till, one epoch: seven entries."""
    chain: Chain = a_company(admitted("till", "pun"))
    return chain


def forked(*lines: Sequence[Body], at: Chain | None = None) -> list[Chain]:
    """One chain for each line of bodies, all of which part after `at`."""
    base = at or company()
    found = []
    for bodies in lines:
        chain = Chain.from_entries_untrusted(encoded(base), base.company_id)
        for body in bodies:
            chain.append(RECOVERY if isinstance(body, Recovered) else KEYS[chain.keeper], body)
        found.append(chain)
    return found


def setting(value: int) -> Setting:
    return Setting(time=1, name="value", value=value)


def moved(keys: DeviceKeys) -> KeeperMoved:
    return KeeperMoved(time=1, device=keys.id)


def met(*chains: Chain) -> Chain:
    """A copy that meets these, one after the other."""
    copy = Chain(chains[0].company_id)
    for chain in chains:
        copy.extend_untrusted([*encoded(chain), *(entry.encoded for entry in lost_entries(chain))])
    return copy


def told(chain: Chain) -> tuple[object, ...]:
    """All that copies have to agree on."""
    return (
        chain.head,
        [line.head for line in chain.losing],
        revoked_in(chain),
        chain.keeper,
        [one.entry.hash for one in lost(chain, chain.losing)],
    )


def winner_of(*chains: Chain) -> Chain:
    """Whichever wins, the same in every order of meeting."""
    found = [met(*order) for order in permutations(chains)]
    assert all(told(one) == told(found[0]) for one in found)
    (winner,) = (chain for chain in chains if chain.head == found[0].head)
    return winner


def test_the_lower_hash_wins_where_nothing_else_decides():
    lines = forked([setting(1)], [setting(2)], [setting(3)])
    assert winner_of(*lines) is min(lines, key=lambda chain: chain.head[1])


def test_a_longer_line_does_not_win_by_its_length():
    one, other = forked([setting(1)], [setting(2)])
    first, second = sorted([one, other], key=lambda chain: chain.head[1])
    for value in range(5):
        second.append(HO, setting(value))
    assert winner_of(first, second) is first


def test_a_former_keeper_that_goes_on_loses_however_far_it_goes():
    for value in range(8):
        went_on, moved_on = forked([setting(value)] * 9, [moved(PUNE)])
        assert winner_of(went_on, moved_on) is moved_on


def test_the_longer_line_of_keepers_wins():
    one, other = forked([moved(PUNE), moved(TILL)], [moved(TILL)])
    assert winner_of(one, other) is one


def test_the_recovery_phrase_wins_over_every_line_of_keepers():
    found, phrase = forked([moved(PUNE), moved(TILL), moved(HO)], [recovered("new", "pun")])
    assert winner_of(found, phrase) is phrase
    twice = forked([recovered("new", "pun"), recovered("newer", "pun", "NEWR")])[0]
    assert winner_of(found, phrase, twice).head == twice.head


def test_a_line_that_grows_never_loses_its_place():
    one, other = forked([setting(1)], [setting(2)])
    best = winner_of(one, other)
    for value in range(5):
        best.append(HO, setting(value))
        assert winner_of(one, other) is best


def test_a_line_that_has_lost_can_win_when_it_grows():
    one, other = forked([setting(1)], [setting(2)])
    copy = met(one, other)
    loses = one if copy.head == other.head else other
    loses.append(HO, moved(PUNE))
    new = copy.extend_untrusted(encoded(loses))
    assert [entry.hash for entry in new] == [entry.hash for entry in loses.entries(6)]
    assert (copy.head, copy.keeper) == (loses.head, PUNE.id)
    assert told(copy) == told(met(loses, one, other))


def test_what_a_losing_line_says_is_listed_until_the_chain_says_it_too():
    lock = Locked(time=1, until="2026-03-31", scopes=SPAN)
    loses, wins = forked([lock, setting(4)], [moved(PUNE)])
    copy = met(loses, wins)
    assert [(one.entry.kind, one.signer) for one in lost(copy, copy.losing)] == [("Locked", HO.id), ("Setting", HO.id)]
    copy.append(PUNE, msgspec.structs.replace(lock, time=99))
    assert [one.entry.kind for one in lost(copy, copy.losing)] == ["Setting"]
    copy.append(PUNE, setting(4))
    assert lost(copy, copy.losing) == []


def test_a_revocation_on_a_losing_line_stays_in_force_and_can_be_repeated():
    loses, wins = forked([Revoked(time=1, device=TILL.id)], [moved(PUNE)])
    for copy in (met(loses, wins), met(wins, loses)):
        assert copy.keeper == PUNE.id
        assert revoked_in(copy) == {TILL.id: 8}
        assert not copy.may_read(TILL.id, "masters/ledger")
        copy.append(PUNE, setting(1))
        assert revoked_in(copy) == {TILL.id: 9}
        copy.append(PUNE, Revoked(time=2, device=TILL.id))
        assert revoked_in(copy) == {TILL.id: 9}
        assert lost(copy, copy.losing) == []


def test_of_two_lines_that_revoke_a_device_the_keeper_repeats_the_revocation_that_is_in_force():
    cuts = [(("vouchers/pun/sales/2026-04", bytes([at]) * 32),) for at in range(2)]
    *lose, wins = forked(*[[Revoked(time=1, device=TILL.id, cut=cut)] for cut in cuts], [moved(PUNE)])
    copy = met(*lose, wins)
    (in_force,), (repeated,) = copy.cuts, copy.to_revoke()
    assert isinstance(repeated.body, Revoked)
    assert in_force.tips == {scope: (tip,) for scope, tip in repeated.body.cut}
    copy.append(PUNE, msgspec.structs.replace(repeated.body, time=2))
    assert copy.cuts == (in_force,)


def test_whoever_keeps_the_chain_is_not_revoked_by_a_line_that_lost():
    loses, wins = forked([Revoked(time=1, device=PUNE.id)], [moved(PUNE)])
    copy = met(loses, wins)
    assert revoked_in(copy) == {}
    assert [one.entry.kind for one in lost(copy, copy.losing)] == ["Revoked"]


def test_a_keeper_that_was_itself_revoked_revokes_nobody_any_more():
    loses, wins = forked([Revoked(time=1, device=TILL.id)], [recovered("new", "pun"), Revoked(time=1, device=HO.id)])
    copy = met(loses, wins)
    assert revoked_in(copy) == {HO.id: 8}
    assert [one.entry.kind for one in lost(copy, copy.losing)] == ["Revoked"]


def test_a_commit_is_judged_on_the_line_its_author_had_seen():
    stall = keys_of("stall")
    loses, wins = forked([admitted("stall", "pun")], [moved(PUNE), setting(1)])
    copy = met(loses, wins)
    assert copy.member(stall.id) is None
    found, line = copy.author(stall.author), copy.line_of(loses.seen)
    assert found is not None
    assert found.device == stall.id
    assert line is not None
    assert line.may_write(stall.author, "vouchers/pun/sales/2026-04", loses.head[0])
    assert copy.line_of((6, copy.entries()[6].hash[:8])) is copy
    assert copy.line_of((7, b"made up.")) is None


def test_who_had_seen_an_entry_is_a_question_of_the_line():
    loses, wins = forked([setting(1), setting(2)], [moved(PUNE)])
    copy = met(loses, wins)
    assert copy.had_seen(wins.seen, 7)
    assert copy.had_seen(loses.seen, 6)
    assert not copy.had_seen(loses.seen, 7)
    assert not copy.had_seen((9, b"made up."), 7)


def test_an_entry_nobody_may_sign_is_no_line():
    ours = company()
    for keys, body in [(PUNE, setting(1)), (HO, recovered("new", "pun")), (keys_of("x"), moved(TILL))]:
        before = ours.hash_at(5)
        assert before is not None
        false = make_entry(keys, 6, before, body)
        with pytest.raises(ChainError, match="not signed by the keeper"):
            ours.extend_untrusted([false.encoded])
        assert (ours.head[0], ours.losing) == (6, ())


def test_one_false_entry_spoils_all_that_came_with_it():
    ours, other = forked([setting(1)], [moved(PUNE), setting(2)])
    false = make_entry(HO, 9, other.head[1], setting(3))
    with pytest.raises(ChainError, match="not signed by the keeper"):
        ours.extend_untrusted([*encoded(other), false.encoded])
    assert (ours.head[0], ours.losing) == (7, ())


def test_another_founding_is_another_company_and_no_line():
    other = Chain.found(HO, RECOVERY, 1, lambda size: b"m" * size)
    with pytest.raises(ChainError, match="another company"):
        company().extend_untrusted(encoded(other))


def test_entries_that_hang_in_the_air_are_refused():
    ours, other = forked([setting(1)], [moved(PUNE), setting(2)])
    with pytest.raises(ChainError, match="entries before it are missing"):
        ours.extend_untrusted(encoded(other, 7))


def test_losing_lines_are_kept_within_limits_and_the_same_ones_everywhere():
    best, *rest = forked([moved(PUNE)], *[[setting(value)] for value in range(FORKS_MAX + 4)])
    one, other = met(best, *rest), met(*reversed(rest), best)
    assert len(one.losing) == FORKS_MAX
    assert told(one) == told(other)
    assert told(met(one, other)) == told(one)


def test_a_losing_line_that_is_too_long_is_not_kept():
    best, long = forked([moved(PUNE)], [])
    seq, previous = long.head
    entries: list[Entry] = []
    for value in range(FORK_ENTRIES_MAX + 1):
        entries.append(make_entry(HO, seq + 1 + value, previous, setting(value)))
        previous = entries[-1].hash
    best.extend_untrusted([entry.encoded for entry in entries[:-1]])
    kept = len(best.losing)
    best.extend_untrusted([entries[-1].encoded])
    assert (kept, len(best.losing)) == (1, 0)


def test_a_losing_line_that_is_too_large_is_not_kept():
    large = [Locked(time=1, until="2026-03-31", scopes=SPAN, tips=tuples(3_000, at)) for at in range(20)]
    best, loses = forked([moved(PUNE)], large)
    assert sum(map(len, encoded(loses, 6))) > FORK_BYTES_MAX
    assert met(best, loses).losing == met(loses, best).losing == ()


def tuples(count: int, at: int) -> tuple[tuple[str, bytes, bytes], ...]:
    return tuple(("vouchers/pun/sales/2026-04", PUNE.author, bytes([at]) * 32) for _ in range(count))


def test_what_somebody_lacks_is_what_they_do_not_hold_of_any_line():
    loses, wins = forked([setting(1), setting(2)], [moved(PUNE), setting(3)])
    copy = met(loses, wins)
    assert lacking(copy, []) == [*encoded(wins), *encoded(loses, 6)]
    assert lacking(copy, [wins.head]) == encoded(loses, 6)
    assert lacking(copy, [loses.head]) == encoded(wins, 6)
    assert lacking(copy, [loses.head, wins.head]) == []
    assert lacking(copy, [(7, loses.hash_at(7) or b"")]) == [*encoded(wins, 6), *encoded(loses, 7)]


class Tree:
    """Lines that part anywhere, each entry signed by whoever keeps the chain on its line."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines = [company()]
        for _ in range(random.randrange(2, 7)):
            self.lines.append(self.grown(random.choice(self.lines)))

    def grown(self, line: Chain) -> Chain:
        at = self.random.randrange(6, line.head[0] + 1)
        chain = Chain.from_entries_untrusted(encoded(line)[: at + 1], line.company_id)
        for _ in range(self.random.randrange(1, 5)):
            body = self.body()
            try:
                chain.append(RECOVERY if isinstance(body, Recovered) else KEYS[chain.keeper], body)
            except ChainError:
                continue
        return chain

    def body(self) -> Body:
        keys = self.random.choice([HO, PUNE, TILL])
        bodies: list[Body] = [
            setting(self.random.randrange(99)),
            moved(keys),
            Revoked(time=1, device=keys.id),
            recovered(self.random.choice(["new", "newer"]), "pun", self.random.choice(["NEW", "NEWR"])),
            Epoch(time=1, epoch=self.random.randbytes(8)),
            Admitted(**{**msgspec.structs.asdict(admitted("stall", "pun")), "time": 2}),
        ]
        return self.random.choice(bodies)


@settings(max_examples=120)
@given(st.integers(0, 2**32))
def test_whatever_lines_there_are_and_however_they_meet_all_end_alike(seed):
    random = Random(seed)
    tree = Tree(random)
    copies = [met(random.choice(tree.lines)) for _ in range(4)]
    for line in tree.lines:
        random.choice(copies).extend_untrusted(encoded(line))
    for _ in range(3):
        for one, other in random.sample([(a, b) for a in range(4) for b in range(4) if a != b], 12):
            came = lacking(copies[other], [copies[one].head, *(line.head for line in copies[one].losing)])
            copies[one].extend_untrusted(came)
    best = min(tree.lines, key=lambda line: rank(line.entries()))
    assert all(told(copy) == told(copies[0]) for copy in copies), seed
    assert copies[0].head == best.head, seed
    lines = [line.entries() for line in (copies[0], *copies[0].losing)]
    assert all(any(parting(line.entries(), one) == len(line.entries()) for one in lines) for line in tree.lines), seed


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_a_copy_read_from_its_entries_is_the_copy(seed):
    tree = Tree(Random(seed))
    copy = met(*tree.lines)
    again = Chain.from_entries_untrusted(encoded(copy), copy.company_id)
    again.extend_untrusted([entry.encoded for entry in lost_entries(copy)])
    assert told(again) == told(copy)
