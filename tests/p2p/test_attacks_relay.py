"""Relays that do as they like: they drop, reorder, replay, forge, and run from an older copy. Nothing is lost by it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from p2p.commit import Item, make_commit
from p2p.errors import P2PError
from p2p.founding import admit_device
from p2p.local import Page
from p2p.messages import CommitParts
from p2p.relay_invite import RelayTicket
from p2p.replica import Replica
from p2p.store import CARRIED, Store
from tests.p2p.copies import EVERYTHING, NOW, digest, save, seeded
from tests.p2p.nodes import At, offices, serving
from tests.p2p.relays import RelayAt, add_relay
from tests.p2p.strangers import EVE
from tests.p2p.test_relay_storage import doc

SALES, LEDGERS = "vouchers/ho/sales/2026-04", "masters/ledger"


async def both(address: str, *devices: At) -> None:
    """Let devices come by at a relay, twice, since what one brings waits there for the other."""
    for _ in range(2):
        for at in devices:
            outcome = await at.sync(address)
            assert outcome.in_sync, outcome


def with_vouchers(at: At, *numbers: int) -> None:
    for number in numbers:
        save(at.replica, SALES, doc(number), amount=f"{number}.00")


async def started(folder: Path) -> tuple[At, At, RelayAt]:
    """Head office, Pune and a relay, all three in sync, though the two were never online together."""
    office, pune = offices(folder, "Pune")
    relay = RelayAt(folder / "relay")
    with_vouchers(office, 1, 2, 3)
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        await both(address, office, pune)
    assert pune.replica.document(SALES, "voucher", doc(3)) is not None
    return office, pune, relay


async def test_what_a_relay_carries_it_cannot_read(tmp_path):
    office, _, relay = await started(tmp_path)
    copy = relay.copy_of(office)
    number = copy.store.find_scope(SALES)
    assert number is not None
    assert {one.state for one in copy.store.in_scope(number, 0, 10)} == {CARRIED}
    assert copy.document(SALES, "voucher", doc(1)) is None


async def test_a_relay_that_runs_from_an_older_copy_is_named_and_filled_again(tmp_path):
    office, pune, relay = await started(tmp_path)
    relay.home.close()
    shutil.copytree(tmp_path / "relay", tmp_path / "yesterday")
    today = RelayAt(tmp_path / "relay")
    async with serving(today.node) as address:
        with_vouchers(office, 4, 5)
        await both(address, office, pune)
    today.home.close()
    old = RelayAt(tmp_path / "yesterday")
    held = old.copy_of(office).store.count()
    async with serving(old.node) as address:
        for at in (office, pune):
            assert (await at.sync(address)).in_sync
        await both(address, office, pune)
    assert old.copy_of(office).store.count() >= held + 2
    (told,) = office.log.of("forgot")
    assert "less than it had proved" in told.text
    assert digest(office.replica) == digest(pune.replica)
    # It has caught up, so nobody is warned of it any more.
    assert [one.error for one in office.replica.links.statuses() if one.device == relay.keys.id] == [None]


class Willful(Replica):
    """A relay's copy that hands out what it likes."""

    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        """What is sent instead of these commits."""
        return commits

    def commits(self, scope: str, prefixes: Sequence[bytes]) -> list[CommitParts]:
        return self._willfully(scope, super().commits(scope, prefixes))

    def page(self, scope: str, after: int, limit: int) -> Page:
        page = super().page(scope, after, limit)
        return Page(self._willfully(scope, page.commits), page.last)

    def _willfully(self, scope: str, commits: list[CommitParts]) -> list[CommitParts]:
        return commits if scope.startswith("control/") else self.hand_out(commits)


class Dropping(Willful):
    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        return commits[:-1]


class Withholding(Willful):
    """Hands out what comes after a commit, and not that one: what its author says it wrote before is missing."""

    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        return [one for at, one in enumerate(commits) if at != len(commits) // 2]


class Reordering(Willful):
    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        return commits[::-1]


class Replaying(Willful):
    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        return [*commits, *commits]


class Emptying(Willful):
    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        return [(header, signature, None) for header, signature, _ in commits]


class Altering(Willful):
    def hand_out(self, commits: list[CommitParts]) -> list[CommitParts]:
        return [(header, signature, bytes([body[0] ^ 1]) + body[1:]) for header, signature, body in commits if body]


async def after_new_vouchers(folder: Path, kind: type[Willful]) -> tuple[At, At, RelayAt]:
    """Head office has brought vouchers to a relay, which then hands them to Pune as it likes."""
    office, pune, relay = await started(folder)
    async with serving(relay.node) as address:
        with_vouchers(office, *range(10, 20))
        assert (await office.sync(address)).in_sync
    relay.home.close()
    path = relay.home.folder_of(office.replica.company) / "khata.db"
    relay.home.copies.add(kind(Store.open(path, wait_ms=0), relay.keys, office.replica.company))
    return office, pune, relay


@pytest.mark.parametrize("kind", [Reordering, Replaying])
async def test_in_whatever_order_and_however_often_commits_come(tmp_path, kind):
    _, pune, relay = await after_new_vouchers(tmp_path, kind)
    async with serving(relay.node) as address:
        assert (await pune.sync(address)).in_sync
    assert pune.replica.document(SALES, "voucher", doc(19)) is not None
    assert not pune.replica.links.refusals()


@pytest.mark.parametrize("kind", [Dropping, Emptying, Altering])
async def test_what_a_relay_keeps_back_empties_or_alters_is_not_in_sync_and_comes_from_the_other(tmp_path, kind):
    office, pune, relay = await after_new_vouchers(tmp_path, kind)
    async with serving(relay.node) as address:
        outcome = await pune.node.sync(address, 2)
        assert not outcome.in_sync
    assert pune.replica.document(SALES, "voucher", doc(19)) is None
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
    assert pune.replica.document(SALES, "voucher", doc(19)) is not None


async def test_one_commit_withheld_from_the_middle_of_a_chain_is_missed_and_comes_from_the_other(tmp_path):
    office, pune, relay = await after_new_vouchers(tmp_path, Withholding)
    async with serving(relay.node) as address:
        assert not (await pune.node.sync(address, 2)).in_sync
    held = pune.replica.store.count()
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
    assert pune.replica.store.count() == held + 1
    assert digest(pune.replica) == digest(office.replica)
    assert not pune.replica.links.refusals()


async def test_a_relay_writes_nothing_in_anybodys_name(tmp_path):
    office, pune, relay = await started(tmp_path)
    chain = office.replica.chain
    for keys in (relay.keys, EVE):
        for scope in (SALES, LEDGERS, "control/keys/" + pune.keys.author.hex()):
            item = Item(doc(99), "voucher", b"\x00" * 8)
            seen = (chain.head[0], chain.head[1][:8])
            opened = scope.startswith("control/keys/")
            epoch, key = (b"", None) if opened else (bytes(8), bytes(32))
            forged = make_commit(keys, scope, [item], NOW, b"", seen, epoch, key, seeded("forged"))
            parts = [(forged.header_bytes, forged.signature, forged.ciphertext)]
            result = pune.replica.ingest_from(pune.replica.check_untrusted(parts), relay.keys.id, None, NOW)
            assert (result.gained, len(result.refused)) == (0, 1)


async def test_a_relay_cannot_admit_anybody_or_change_the_chain(tmp_path):
    office, _, relay = await started(tmp_path)
    with pytest.raises(P2PError):
        admit_device(relay.copy_of(office), (EVE.public, EVE.seal_public), "Eve", "pun", "EVE", EVERYTHING, NOW)


def test_a_relay_ticket_shows_no_secret_when_it_is_printed():
    ticket = RelayTicket(bytes(32), bytes(32), "Cloud", ("a:1",), b"0123456789abcdef", NOW, 1)
    assert "0123456789" not in repr(ticket)
