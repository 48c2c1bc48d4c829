"""The control chain: who is in the company, who may do what since when, and what it refuses."""

import hashlib
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2p.chain import (
    MEMBER,
    READ_DEFAULT,
    READ_RELAY,
    RELAY,
    WRITE_DEFAULT,
    AdminAdded,
    Admitted,
    BranchAdded,
    Chain,
    Epoch,
    Founded,
    Granted,
    InvitationUsed,
    KeeperMoved,
    LockAdmitted,
    Locked,
    Readmitted,
    Recovered,
    Revoked,
    Setting,
)
from p2p.chain_entries import make_entry
from p2p.errors import ChainError
from p2p.identity import DeviceKeys
from p2p.scope import keys_scope
from tests.p2p.copies import revoked_in

SALES = "vouchers/pun/sales/2026-04"
OTHERS = "vouchers/ho/sales/2026-04"


@cache
def keys_of(name):
    return DeviceKeys(hashlib.sha256(name.encode()).digest(), hashlib.sha256(b"seal " + name.encode()).digest())


HO, PUNE, TILL, RECOVERY = keys_of("ho"), keys_of("pune"), keys_of("till"), keys_of("recovery")


def admitted(name, branch="ho", series=None, role=MEMBER, read=READ_DEFAULT, write=WRITE_DEFAULT):
    keys = keys_of(name)
    return Admitted(
        time=1,
        key=keys.public,
        seal_key=keys.seal_public,
        name=name,
        branch=branch,
        series=name.upper()[:4] if series is None else series,
        role=role,
        read=read,
        write=write,
    )


def recovered(name, branch="ho", series="NEW"):
    keys = keys_of(name)
    return Recovered(time=1, key=keys.public, seal_key=keys.seal_public, name=name, branch=branch, series=series)


def founded():
    return Chain.found(HO, RECOVERY, 1_775_000_000_000, lambda size: b"n" * size)


def a_company(*bodies):
    """Head office with a branch in Pune; `bodies` follow."""
    chain = founded()
    chain.append(HO, BranchAdded(time=1, code="ho", name="Head Office"))
    chain.append(HO, admitted("ho"))
    chain.append(HO, BranchAdded(time=1, code="pun", name="Pune"))
    chain.append(HO, admitted("pune", "pun"))
    chain.append(HO, Epoch(time=1, epoch=b"epoch  1"))
    for body in bodies:
        chain.append(HO, body)
    return chain


def encoded(chain, after=-1):
    return [entry.encoded for entry in chain.entries(after)]


def test_a_new_company_is_named_by_its_first_entry():
    chain = founded()
    assert chain.head == (0, chain.company_id)
    assert chain.hash_at(0) == chain.company_id
    assert chain.keeper == HO.id
    assert chain.recovery_keys == (RECOVERY.public, RECOVERY.seal_public)
    assert chain.members == {}
    assert chain.seen == (0, chain.company_id[:8])


def test_one_device_founds_two_companies():
    other = Chain.found(HO, RECOVERY, 1_775_000_000_000, lambda size: b"m" * size)
    assert other.company_id != founded().company_id


def test_a_joiner_replays_the_chain():
    chain = a_company()
    copy = Chain.from_entries_untrusted(encoded(chain), chain.company_id)
    assert copy.head == chain.head
    assert copy.members == chain.members
    assert copy.branches == chain.branches
    assert copy.epochs == (b"epoch  1",)
    assert [branch.name for branch in copy.branches.values()] == ["Head Office", "Pune"]
    pune = copy.members[PUNE.author]
    assert copy.member(PUNE.id) == pune
    assert (pune.device, pune.author, pune.public, pune.seal_public) == (
        PUNE.id,
        PUNE.author,
        PUNE.public,
        PUNE.seal_public,
    )
    assert (pune.name, pune.branch, pune.series, pune.role) == ("pune", "pun", "PUNE", MEMBER)
    assert (pune.admitted_at, pune.revoked_at) == (4, None)
    assert pune.grant.read == READ_DEFAULT
    assert repr(copy) == f"Chain({chain.company_id[:8].hex()}, 6 entries)"


def test_entries_of_another_company_are_refused():
    chain = Chain(b"c" * 32)
    with pytest.raises(ChainError, match="another company"):
        chain.extend_untrusted(encoded(a_company()))
    assert chain.head == (-1, b"")
    assert chain.hash_at(-1) is None
    assert chain.hash_at(0) is None


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=8))
def test_any_overlapping_pieces_give_the_same_chain(pieces):
    entries = encoded(CHAIN)
    chain = Chain(CHAIN.company_id)
    for start, end in [*pieces, (0, 6)]:
        before = chain.head[0]
        first = min(start, before + 1)
        new = chain.extend_untrusted(entries[first:end])
        assert [entry.seq for entry in new] == list(range(before + 1, max(end, before + 1)))
    assert (chain.head, chain.members) == (CHAIN.head, CHAIN.members)


CHAIN = a_company()


def test_gaps_and_disorder_are_refused():
    entries = encoded(CHAIN)
    chain = Chain.from_entries_untrusted(entries[:2], CHAIN.company_id)
    for wrong in (entries[3:], [entries[2], entries[4]], [entries[3], entries[2]]):
        with pytest.raises(ChainError):
            chain.extend_untrusted(wrong)
        assert chain.head[0] == 1
    assert chain.extend_untrusted([]) == []
    assert len(chain.extend_untrusted(entries)) == 4


def test_one_bad_entry_and_none_is_taken():
    chain = a_company()
    head, members = chain.head, dict(chain.members)
    good = make_entry(HO, 6, head[1], admitted("till", "pun"))
    bad = make_entry(PUNE, 7, good.hash, BranchAdded(time=1, code="x", name="x"))
    with pytest.raises(ChainError, match="not signed by the keeper"):
        chain.extend_untrusted([good.encoded, bad.encoded])
    assert chain.head == head
    assert chain.members == members
    assert chain.extend_untrusted([good.encoded]) == [good]


def test_only_the_keeper_appends():
    chain = a_company()
    with pytest.raises(ChainError, match="not signed by the keeper"):
        chain.append(PUNE, BranchAdded(time=1, code="x", name="x"))
    with pytest.raises(ChainError, match="not signed by the keeper"):
        chain.append(HO, recovered("new"))
    assert chain.head[0] == 5


def test_the_first_entry_and_no_other_is_the_founding():
    chain = a_company()
    body = chain.entries()[0].body
    assert isinstance(body, Founded)
    with pytest.raises(ChainError, match="is Founded"):
        chain.append(HO, body)
    first = make_entry(HO, 0, b"", BranchAdded(time=1, code="x", name="x"))
    with pytest.raises(ChainError):
        Chain(first.hash).extend_untrusted([first.encoded])


def test_an_unknown_kind_is_kept_and_passed_on():
    chain = a_company()
    packed = msgspec.msgpack.encode({"time": 1})
    head = chain.head[1]
    hashed = hashlib.sha256(msgspec.msgpack.encode([6, head, "MoonLanding", packed])).digest()
    signature = HO.sign(b"khata chain 1", hashed)
    later = msgspec.msgpack.encode([6, head, "MoonLanding", packed, signature])
    chain.extend_untrusted([later])
    assert (chain.entries()[6].kind, chain.entries()[6].body) == ("MoonLanding", None)
    chain.append(HO, Epoch(time=1, epoch=b"epoch  2"))
    copy = Chain.from_entries_untrusted(encoded(chain), chain.company_id)
    assert copy.head == chain.head
    assert encoded(copy)[6] == later


class TestRights:
    """Who may read and write where, as of which entry."""

    def test_a_member_writes_what_it_was_granted(self):
        chain = a_company(admitted("till", "pun", write=("vouchers/pun/**",)))
        assert chain.may_write(PUNE.author, SALES, 5)
        assert chain.may_write(TILL.author, SALES, 6)
        assert not chain.may_write(TILL.author, "masters/ledger", 6)
        assert not chain.may_write(TILL.author, "vouchers/pune/sales/2026-04", 6)
        assert not chain.may_write(keys_of("stranger").author, SALES, 6)

    def test_rights_begin_with_the_admission(self):
        chain = a_company()
        assert not chain.may_write(PUNE.author, SALES, 3)
        assert chain.may_write(PUNE.author, SALES, 4)
        assert not chain.may_write(PUNE.author, SALES, -1)

    def test_rights_are_those_at_the_entry_that_was_seen(self):
        chain = a_company(
            Granted(time=1, device=PUNE.id, read=READ_DEFAULT, write=("masters/**",)),
            Granted(time=1, device=PUNE.id, read=("masters/**",), write=(SALES,)),
        )
        writable = [chain.may_write(PUNE.author, SALES, seq) for seq in range(4, 8)]
        assert writable == [True, True, False, True]
        assert chain.may_read(PUNE.id, "masters/ledger")
        assert not chain.may_read(PUNE.id, SALES)

    def test_revocation_ends_rights_but_not_the_past(self):
        chain = a_company(Revoked(time=1, device=PUNE.id, cut=((SALES, b"t" * 32),)))
        assert chain.may_write(PUNE.author, SALES, 5)
        assert not chain.may_write(PUNE.author, SALES, 6)
        assert not chain.may_read(PUNE.id, SALES)
        assert not chain.may_read(PUNE.id, "control/rules")
        assert revoked_in(chain) == {PUNE.id: 6}
        assert [(cut.at, cut.device, cut.scopes, cut.tips) for cut in chain.cuts] == [
            (6, PUNE.id, (*WRITE_DEFAULT, "control/**"), {SALES: (b"t" * 32,)})
        ]

    def test_control_follows_its_own_rules(self):
        chain = a_company(admitted("relay", "", "", RELAY, READ_RELAY, ()))
        relay = keys_of("relay")
        for keys in (HO, PUNE, relay):
            for scope in ("control/rules", "control/devices"):
                assert chain.may_write(keys.author, scope, 6)
                assert chain.may_read(keys.id, scope)
            keeps = keys is HO
            assert chain.may_write(keys.author, keys_scope(PUNE.author), 6) == keeps
            assert chain.may_write(keys.author, "control/keys/recovery", 6) == keeps
            assert chain.may_write(keys.author, "control/chain", 6) == keeps
        assert not chain.may_write(relay.author, SALES, 6)
        assert not chain.may_read(relay.id, SALES)
        assert not chain.may_read(keys_of("stranger").id, "control/rules")

    def test_a_device_is_known_by_its_whole_id(self):
        chain = a_company()
        impostor = PUNE.author + bytes(24)
        assert chain.member(impostor) is None
        assert not chain.may_read(impostor, SALES)
        with pytest.raises(ChainError, match="not a device"):
            chain.append(HO, Revoked(time=1, device=impostor))

    def test_what_a_narrowing_took_away_is_cut(self):
        chain = a_company(
            Granted(
                time=1,
                device=PUNE.id,
                read=READ_DEFAULT,
                write=("masters/**", "vouchers/pun/**"),
                cut=((OTHERS, b"t" * 32), (OTHERS, b"u" * 32)),
            )
        )
        assert [(cut.at, cut.scopes, cut.tips) for cut in chain.cuts] == [
            (6, ("vouchers/**", "transfers/**", "files/**"), {OTHERS: (b"t" * 32, b"u" * 32)})
        ]
        assert [chain.cuts[0].covers(scope) for scope in (OTHERS, SALES, "masters/ledger")] == [True, False, False]
        chain.append(HO, Granted(time=1, device=PUNE.id, read=READ_DEFAULT, write=("**",)))
        assert len(chain.cuts) == 1


class TestAdmission:
    """Who is let in, and who is not."""

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (admitted("pune", "pun", "P2"), "only with new keys"),
            (admitted("till", "delhi"), "no branch 'delhi'"),
            (admitted("till", ""), "no branch ''"),
            (admitted("till", "pun", "HO"), "series code HO is taken"),
            (admitted("till", "pun", ""), "series code"),
            (admitted("till", "pun", "pu"), "series code"),
            (admitted("till", "pun", "P-1"), "series code"),
            (admitted("till", "pun", "T1", "guest"), "member or relay"),
            (admitted("till", "pun", "T1", RELAY), "member or relay"),
            (admitted("till", "pun", read=("masters/*",)), "whole subtree"),
            (admitted("till", "pun", write=("vouchers/*/sales/**",)), "whole subtree"),
            (admitted("till", "pun", write=("control/**",)), "control is fixed"),
            (admitted("till", "pun", write=("control/rules",)), "control is fixed"),
            (admitted("till", "pun", write=("Masters/**",)), "not a pattern"),
            (msgspec.structs.replace(admitted("till", "pun"), name="a\x1b[2Jb"), "cannot be a name"),
            (msgspec.structs.replace(admitted("till", "pun"), name=" till"), "cannot be a name"),
            (msgspec.structs.replace(admitted("till", "pun"), name="\u202etill"), "cannot be a name"),
            (BranchAdded(time=1, code="pun", name="Pune again"), "there is a branch"),
            (BranchAdded(time=1, code="PUN", name="Pune"), "write it as 'pun'"),
            (BranchAdded(time=1, code="a~b", name="Pune"), "write it as 'a-b'"),
            (BranchAdded(time=1, code="", name="Pune"), "no Latin letter"),
            (BranchAdded(time=1, code="x", name="\n"), "cannot be a name"),
            (Epoch(time=1, epoch=b"epoch  1"), "begun before"),
            (Locked(time=1, until="2026-03-31", scopes=("nonsense//",)), "not a pattern"),
        ],
    )
    def test_what_is_refused(self, body, reason):
        chain = a_company()
        state = encoded(chain), dict(chain.members), dict(chain.branches)
        with pytest.raises(ChainError, match=reason):
            chain.append(HO, body)
        assert (encoded(chain), dict(chain.members), dict(chain.branches)) == state

    def test_two_ids_that_begin_alike_are_refused(self, monkeypatch):
        chain = a_company()
        twin = PUNE.author + bytes(24)
        monkeypatch.setattr("p2p.chain_state.device_id", lambda _key: twin)
        with pytest.raises(ChainError, match="begins like that of pune"):
            chain.append(HO, admitted("till", "pun"))

    def test_a_revoked_device_does_not_come_back_and_keeps_its_series(self):
        chain = a_company(Revoked(time=1, device=PUNE.id))
        with pytest.raises(ChainError, match="only with new keys"):
            chain.append(HO, admitted("pune", "pun", "P2"))
        with pytest.raises(ChainError, match="PUNE is taken"):
            chain.append(HO, admitted("till", "pun", "PUNE"))
        for body in (
            Revoked(time=1, device=PUNE.id),
            AdminAdded(time=1, device=PUNE.id),
            KeeperMoved(time=1, device=PUNE.id),
            Granted(time=1, device=PUNE.id, read=(), write=()),
        ):
            with pytest.raises(ChainError, match="was revoked"):
                chain.append(HO, body)


class TestKeeper:
    """Moving the pen, and taking it back with the recovery phrase."""

    def test_the_keeper_moves(self):
        chain = a_company(KeeperMoved(time=1, device=PUNE.id))
        assert chain.keeper == PUNE.id
        with pytest.raises(ChainError, match="not signed by the keeper"):
            chain.append(HO, Epoch(time=1, epoch=b"epoch  2"))
        chain.append(PUNE, Epoch(time=1, epoch=b"epoch  2"))
        own = keys_scope(HO.author)
        assert [chain.may_write(HO.author, own, seq) for seq in (5, 6, 7)] == [True, False, False]
        assert [chain.may_write(PUNE.author, own, seq) for seq in (5, 6, 7)] == [False, True, True]
        with pytest.raises(ChainError, match="keeps the chain already"):
            chain.append(PUNE, KeeperMoved(time=1, device=PUNE.id))

    def test_the_keeper_is_not_revoked_and_no_relay(self):
        chain = a_company(admitted("relay", "", "", RELAY, READ_RELAY, ()))
        with pytest.raises(ChainError, match="move that to another"):
            chain.append(HO, Revoked(time=1, device=HO.id))
        for body in (KeeperMoved(time=1, device=keys_of("relay").id), AdminAdded(time=1, device=keys_of("relay").id)):
            with pytest.raises(ChainError, match="is a relay"):
                chain.append(HO, body)

    def test_the_recovery_phrase_makes_a_new_device_the_keeper(self):
        chain = a_company()
        chain.append(RECOVERY, recovered("new"))
        new = keys_of("new")
        assert chain.keeper == new.id
        assert chain.may_write(new.author, SALES, 6)
        chain.append(new, Revoked(time=1, device=HO.id))
        assert revoked_in(chain) == {HO.id: 7}

    def test_the_recovery_phrase_makes_a_member_the_keeper(self):
        chain = a_company()
        chain.append(RECOVERY, recovered("pune", "pun", "PUNE"))
        assert chain.keeper == PUNE.id
        assert chain.members[PUNE.author].admitted_at == 4

    def test_the_recovery_phrase_does_not_bring_back_a_revoked_device(self):
        chain = a_company(Revoked(time=1, device=PUNE.id))
        with pytest.raises(ChainError, match="was revoked"):
            chain.append(RECOVERY, recovered("pune", "pun", "P2"))

    def test_a_wrong_recovery_phrase_does_nothing(self):
        with pytest.raises(ChainError, match="not signed"):
            a_company().append(PUNE, recovered("new"))


def test_what_later_features_need_is_kept():
    commits = (b"1" * 32, b"2" * 32)
    chain = a_company(
        AdminAdded(time=1, device=PUNE.id),
        Locked(
            time=1,
            until="2026-03-31",
            scopes=("vouchers/**",),
            tips=tuple(("vouchers/pun/sales/2026-03", PUNE.author, id) for id in commits),
        ),
        LockAdmitted(time=1, commits=commits[:1]),
        Readmitted(time=1, commits=commits[1:]),
        InvitationUsed(time=1, slot=bytes(16)),
        Setting(time=1, name="keep-acknowledged", value=30),
        Setting(time=1, name="keep-acknowledged", value=60),
    )
    copy = Chain.from_entries_untrusted(encoded(chain), chain.company_id)
    for known in (chain, copy):
        assert known.admins == {PUNE.id}
        assert [(lock.at, lock.until, lock.scopes, lock.tips) for lock in known.locks] == [
            (7, "2026-03-31", ("vouchers/**",), {("vouchers/pun/sales/2026-03", PUNE.author): commits})
        ]
        assert known.lock_admitted == {commits[0]}
        assert known.readmitted == {commits[1]}
        assert known.invitations_used == {bytes(16)}
        assert known.settings == {"keep-acknowledged": 60}
        assert all(entry.body is not None for entry in known.entries())
    with pytest.raises(ChainError, match="used before"):
        chain.append(HO, InvitationUsed(time=1, slot=bytes(16)))
    chain.append(HO, Revoked(time=1, device=PUNE.id))
    assert chain.admins == frozenset()


@given(st.lists(st.binary(max_size=120), max_size=3))
def test_any_bytes_are_refused_and_change_nothing(entries):
    chain = Chain.from_entries_untrusted(encoded(CHAIN), CHAIN.company_id)
    if entries:
        with pytest.raises(ChainError):
            chain.extend_untrusted(entries)
    assert chain.head == CHAIN.head


@settings(max_examples=60)
@given(st.data())
def test_an_altered_chain_is_refused(data):
    entries = encoded(CHAIN)
    which = data.draw(st.integers(0, len(entries) - 1))
    altered = bytearray(entries[which])
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ChainError):
        Chain.from_entries_untrusted([*entries[:which], bytes(altered), *entries[which + 1 :]], CHAIN.company_id)
