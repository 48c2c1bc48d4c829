"""How a company comes to a relay: with an invitation that works once, and with its whole control chain."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from p2p.chain import READ_RELAY, RELAY, Revoked
from p2p.errors import ChainError, RemoteProtocolError, TicketError
from p2p.events import CompanyOffered
from p2p.founding import append
from p2p.handshake import hello, prove
from p2p.limits import (
    COMPANIES_PER_RELAY_MAX,
    DAY_MS,
    FRAME_BYTES_MAX,
    INVITATION_WRONG_TRIES_MAX,
    QUOTA_BYTES,
)
from p2p.local import Membership
from p2p.messages import CONTROL, SHARE, Chain, Challenge, Goodbye, encode
from p2p.relay_admission import admit_relay, relays_of
from p2p.relay_home import RelayCard, RelayError, RelayHome, quota_of
from p2p.relay_invite import RelayTicket, offering, read_relay_ticket_untrusted
from p2p.session import Session
from p2p.transport import Connection
from p2p.whereabouts import address_of
from tests.p2p.copies import NOW, digest, head_office, seeded
from tests.p2p.nodes import At, offices, proxy, serving
from tests.p2p.relays import RelayAt, add_relay, offer_of, show
from tests.p2p.strangers import EVE, challenge_from, challenged, dialled
from tests.p2p.test_node import lying


def other_office(folder: Path) -> At:
    folder.mkdir()
    (office,) = offices(folder, seed="Mehta")
    return office


async def test_a_relay_takes_a_company_in_and_holds_its_chain(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        outcome = await add_relay(office, relay.invite(address, 5_000_000))
        assert (outcome.in_sync, outcome.error) == (True, None)
        await relay.log.heard("company")
    copy = relay.copy_of(office)
    assert copy.chain_head() == office.replica.chain_head()
    member = copy.chain.member(relay.keys.id)
    assert member is not None
    assert (member.role, member.grant.read, member.grant.write) == (RELAY, READ_RELAY, ())
    assert quota_of(copy) == 5_000_000
    assert [one.device for one in relays_of(office.replica)] == [relay.keys.id]


async def test_a_relay_holds_the_key_of_control_and_no_other(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
    keyring, epochs = relay.copy_of(office).keyring, office.replica.chain.epochs
    assert keyring.current(epochs, "control/rules") is not None
    for scope in ("masters/ledger", "vouchers/ho/sales/2026-04", "transfers/ho~pun/2026-04", "files/ho/2026-04"):
        assert keyring.current(epochs, scope) is None


async def test_a_relay_says_where_it_is_and_every_member_hears_it(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    relay.home.rename(RelayCard("Cloud", ("relay.example.in:7420",)))
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        assert (await show(office, relay.invite(address))).in_sync
    async with serving(office) as address:
        assert (await pune.sync(address)).in_sync
    for at in (office, pune):
        assert address_of(at.replica, relay.keys.id) == "relay.example.in:7420"
    assert address_of(office.replica, pune.keys.id) is None


async def test_the_relay_is_used_by_members_that_head_office_told_of_it(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        # Pune knows the chain up to its own admission: it has never heard of this relay, which shows itself.
        outcome = await pune.sync(address, None, relay.keys.id)
        assert (outcome.in_sync, outcome.error) == (True, None)
    assert pune.replica.chain_head() == office.replica.chain_head()


async def test_an_invitation_serves_one_company(tmp_path):
    (office,) = offices(tmp_path)
    mehta = other_office(tmp_path / "mehta")
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        ticket = relay.invite(address)
        assert (await add_relay(office, ticket)).in_sync
        outcome = await add_relay(mehta, ticket)
        assert (outcome.in_sync, outcome.goodbye) == (False, "ticket")
        assert outcome.error == (
            "this invitation was used by another company; ask whoever runs the relay for a new one"
        )
        relay.clock.now += 1
        assert (await show(mehta, relay.invite(address))).in_sync
    assert len(relay.home.copies) == 2
    assert relay.copy_of(office).company != relay.copy_of(mehta).company


async def test_first_contact_that_breaks_off_anywhere_is_done_again(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        ticket = relay.invite(address)
        admit_relay(office.replica, ticket, NOW)
        for passed in range(1_000, 6_000, 400):
            async with proxy(address, bytearray(), passed) as broken:
                await show(office, ticket, broken)
        assert (await show(office, ticket)).in_sync
        assert (await show(office, ticket)).in_sync
    assert digest(relay.copy_of(office)) == digest(office.replica)


async def test_a_stranger_with_a_wrong_invitation_gets_nothing_and_closes_it(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        ticket = relay.invite(address)
        admit_relay(office.replica, ticket, NOW)
        unknown = await show(office, replace(ticket, secret=bytes(16)))
        assert (unknown.goodbye, unknown.in_sync) == ("ticket", False)
        assert "gave out no such invitation" in str(unknown.error)
        for _ in range(INVITATION_WRONG_TRIES_MAX):
            outcome = await office.sync(address, lying(offer_of(office, ticket)), relay.keys.id)
            assert (outcome.goodbye, outcome.in_sync) == ("ticket", False)
        closed = await show(office, ticket)
        assert "too many wrong tries" in str(closed.error)
    assert len(relay.home.copies) == 0
    assert not list((tmp_path / "relay" / "companies").iterdir())


async def test_an_invitation_expires(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        ticket = relay.invite(address)
        relay.clock.now += 7 * DAY_MS
        outcome = await add_relay(office, ticket)
        assert outcome.error == "this invitation has expired; ask whoever runs the relay for a new one"
        relay.clock.now -= 1
        assert (await show(office, ticket)).in_sync


async def test_a_company_that_did_not_admit_the_relay_is_not_served(tmp_path):
    """Whoever holds an invitation may show any chain; one that does not name the relay gives nobody a place there."""
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        replica, join = office.replica, offer_of(office, relay.invite(address))
        views = (replica.view(CONTROL, relay.keys.id), replica.view(SHARE, relay.keys.id))

        def answer(connection: Connection, challenge: Challenge) -> bytes:
            proof = prove(
                office.keys, replica.company, replica.chain_head(), connection.listener, challenge, join(challenge)
            )
            greeting = hello([replica.chain_head()], views, NOW, waiting=False, visit=True)
            return b"".join(encode(one) for one in (proof, Chain(replica.chain_entries(-1)), greeting))

        *_, last = await challenged(address, answer)
        assert isinstance(last, Goodbye)
        assert last.code == "unknown-device"
    assert relay.copy_of(office).standing_of(relay.keys.id) is Membership.UNKNOWN


async def test_whoever_is_not_taken_in_yet_may_not_fill_the_memory(tmp_path):
    office = head_office()
    session = Session(None, EVE, EVE.id, 0, NOW, bytes(32), choose=lambda _company: None)
    ticket = RelayTicket(EVE.public, EVE.seal_public, "Cloud", ("a:1",), bytes(16), NOW, QUOTA_BYTES)
    challenge = Challenge(bytes(32))
    joining = offering(ticket, office.keys, "HO", office.company, office.chain_head())(challenge)
    proof = prove(office.keys, office.company, office.chain_head(), EVE.id, challenge, joining)
    (offered,) = session.receive(encode(proof), 0)
    assert isinstance(offered, CompanyOffered)

    def say_more_and_more() -> None:
        for _ in range(20):
            assert session.receive(bytes(FRAME_BYTES_MAX), 0) == []

    with pytest.raises(RemoteProtocolError, match="not admitted yet"):
        say_more_and_more()


async def test_a_relay_serves_only_so_many_companies(tmp_path):
    (office,) = offices(tmp_path)
    mehta = other_office(tmp_path / "mehta")
    relay = RelayAt(tmp_path / "relay", companies_max=1)
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        relay.clock.now += 1
        outcome = await add_relay(mehta, relay.invite(address))
    assert "takes in no more" in str(outcome.error)
    assert COMPANIES_PER_RELAY_MAX == 1_000


def proof_for(office: At, ticket: RelayTicket, connection: Connection, challenge: Challenge) -> bytes:
    """The first that a head office says to a relay which does not know it."""
    replica, joining = office.replica, offer_of(office, ticket)(challenge)
    head = replica.chain_head()
    return encode(prove(office.keys, replica.company, head, connection.listener, challenge, joining))


async def test_the_last_company_that_a_relay_has_room_for_gets_in_after_a_contact_that_broke_off(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay", companies_max=1)
    async with serving(relay.node) as address:
        ticket = relay.invite(address)
        admit_relay(office.replica, ticket, NOW)

        async with dialled(address) as connection:
            await connection.stream.send_all(proof_for(office, ticket, connection, await challenge_from(connection)))
            await relay.log.heard("company")
        assert not relay.copy_of(office).chain.members
        assert (await show(office, ticket)).in_sync


async def test_whoever_says_goodbye_before_it_is_taken_in_and_stays_is_hung_up_on(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        ticket = relay.invite(address)
        admit_relay(office.replica, ticket, NOW)
        goodbye = encode(Goodbye("done", ""))
        await challenged(address, lambda one, challenge: proof_for(office, ticket, one, challenge) + goodbye)
        await relay.log.heard("disconnected")


async def test_a_relay_that_forgot_a_company_knows_it_no_more_and_can_be_given_it_again(tmp_path):
    office, pune = offices(tmp_path, "Pune")
    relay = RelayAt(tmp_path / "relay")
    async with serving(relay.node) as address:
        assert (await add_relay(office, relay.invite(address))).in_sync
        relay.home.forget(office.replica.company)
        outcome = await pune.sync(address, None, relay.keys.id)
        assert outcome.goodbye == "unknown-device"
        relay.clock.now += 1
        assert (await show(office, relay.invite(address))).in_sync
    assert digest(relay.copy_of(office)) == digest(office.replica)


def test_a_relays_folder_is_made_once(tmp_path):
    RelayHome.make(tmp_path / "relay", RelayCard("Cloud"), seeded("relay")).close()
    with pytest.raises(RelayError, match="already"):
        RelayHome.make(tmp_path / "relay", RelayCard("Cloud"), seeded("relay"))
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "letter.txt").write_text("dear")
    with pytest.raises(RelayError, match="not empty"):
        RelayHome.make(tmp_path / "else", RelayCard("Cloud"), seeded("relay"))
    with pytest.raises(RelayError, match="no relay"):
        RelayHome(tmp_path / "else")
    with pytest.raises(RelayError, match="where this relay can be reached"):
        RelayHome(tmp_path / "relay").invite([], QUOTA_BYTES, 7, NOW, seeded("secret"))


def test_the_text_of_an_invitation_is_read_again_and_mistakes_are_found(tmp_path):
    ticket = RelayTicket(bytes(32), bytes(32), "Cloud", ("relay.example.in:7420",), bytes(16), NOW, QUOTA_BYTES)
    text = ticket.text()
    assert read_relay_ticket_untrusted(text.lower().replace("-", " ")) == ticket
    for wrong in (text[:-26], "A" + text[1:] if text[0] != "A" else "B" + text[1:], "", "x" * 5000, "hello"):
        with pytest.raises(TicketError):
            read_relay_ticket_untrusted(wrong)
    shown = RelayTicket(bytes(32), bytes(32), "Clo\x1bud", ("a:1",), bytes(16), NOW, 1)
    with pytest.raises(TicketError, match="cannot be shown"):
        read_relay_ticket_untrusted(shown.text())


def test_a_revoked_relay_is_not_admitted_again(tmp_path):
    (office,) = offices(tmp_path)
    relay = RelayAt(tmp_path / "relay")
    ticket = relay.invite("127.0.0.1:7420")
    member = admit_relay(office.replica, ticket, NOW)
    append(office.replica, Revoked(time=NOW, device=member.device))
    with pytest.raises(ChainError, match="was revoked"):
        admit_relay(office.replica, ticket, NOW)
