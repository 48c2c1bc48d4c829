"""Invitations: tickets as text, the secrets that follow from them, and when they can be used."""

import hashlib
import hmac
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import TicketError
from p2p.invite import (
    Invitation,
    Relay,
    Standing,
    Ticket,
    check_code,
    joining_mac,
    joining_mac_ok,
    qr_code,
    read_ticket_untrusted,
    slot_id,
)
from p2p.limits import INVITATION_WRONG_TRIES_MAX, TICKET_ADDRESSES_MAX, TICKET_CHARS_MAX, TICKET_RELAYS_MAX
from p2p.spelling import spell_groups

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "invite.json").read_text())
SECRET = b"secret of 16 byt"

bytes32 = st.binary(min_size=32, max_size=32)
addresses = st.from_regex(r"[a-z0-9.]{1,30}:[0-9]{1,5}", fullmatch=True)
names = st.text("abc Pune-é पुणे", max_size=10)
tickets = st.builds(
    Ticket,
    bytes32,
    bytes32,
    bytes32,
    st.lists(addresses, max_size=3).map(tuple),
    st.lists(st.builds(Relay, addresses, bytes32), max_size=2).map(tuple),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 253_402_300_799_999),
    names,
    st.from_regex(r"[A-Z0-9]{0,4}", fullmatch=True),
    st.sampled_from(["", "everything", "masters-only"]),
)


def a_ticket(**changes):
    ticket = Ticket(b"c" * 32, b"i" * 32, b"s" * 32, ("127.0.0.1:7420",), (), SECRET, 1_775_000_000_000, "Pune", "PUN")
    return msgspec.structs.replace(ticket, **changes)


def text_of(body, version=1):
    """Text that is spelled and summed as a ticket's is, whatever it says."""
    body = bytes((version,)) + body
    checksum = hashlib.sha256(b"khata ticket 1" + body).digest()[:4]
    return "-".join(spell_groups(body + checksum, 24))


def an_invitation():
    return Invitation(SECRET, 1000, "pun", "PUN", ("masters/**",), ("masters/**",), "everything")


def test_golden_tickets():
    for vector in VECTORS:
        ticket = read_ticket_untrusted(vector["text"])
        assert msgspec.msgpack.encode(ticket).hex() == vector["ticket"]
        assert ticket.text() == vector["text"]
        assert ticket.slot.hex() == vector["slot"]
        assert joining_mac(ticket.secret, b"one", b"two").hex() == vector["mac"]
        assert check_code(b"a" * 32, b"b" * 32, ticket.company, ticket.secret) == vector["check_code"]


def test_the_golden_secrets_follow_the_text_of_the_protocol():
    """HKDF by hand: extract with no salt, then one block."""
    for vector in VECTORS:
        ticket = read_ticket_untrusted(vector["text"])
        inner = hmac.digest(bytes(32), ticket.secret, "sha256")
        assert hmac.digest(inner, b"khata slot 1\x01", "sha256")[:16].hex() == vector["slot"]
        key = hmac.digest(inner, b"khata joining 1\x01", "sha256")
        fields = (3).to_bytes(8, "big") + b"one" + (3).to_bytes(8, "big") + b"two"
        assert hmac.digest(key, fields, "sha256").hex() == vector["mac"]


@given(tickets)
def test_a_ticket_is_read_as_it_was_written(ticket):
    text = ticket.text()
    assert read_ticket_untrusted(text) == ticket
    assert read_ticket_untrusted(f"\n {text.lower()}\t") == ticket
    lines = "\n".join(text.replace("-", "")[cut : cut + 40] for cut in range(0, len(text), 40))
    assert read_ticket_untrusted(lines) == ticket


@given(tickets, st.data())
def test_a_wrong_letter_names_its_group(ticket, data):
    text = ticket.text()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
    if text[place] in ("-", letter):
        return
    with pytest.raises(TicketError, match=f"group {place // 26 + 1} of"):
        read_ticket_untrusted(text[:place] + letter + text[place + 1 :])


@given(tickets, st.data())
def test_swapped_letters_and_swapped_groups_are_found(ticket, data):
    text = ticket.text()
    groups = text.split("-")
    first, second = data.draw(st.tuples(*[st.integers(0, len(groups) - 2)] * 2))
    swapped = list(groups)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    place = data.draw(st.integers(0, len(text) - 2))
    neighbours = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    for wrong in ("-".join(swapped), neighbours):
        if wrong.replace("-", "") != text.replace("-", ""):
            with pytest.raises(TicketError):
                read_ticket_untrusted(wrong)


@given(tickets, st.data())
def test_a_part_of_a_ticket_is_refused(ticket, data):
    text = ticket.text().replace("-", "")
    with pytest.raises(TicketError):
        read_ticket_untrusted(text[: data.draw(st.integers(0, len(text) - 1))])
    groups = ticket.text().split("-")
    missing = data.draw(st.integers(0, len(groups) - 1))
    with pytest.raises(TicketError):
        read_ticket_untrusted("-".join(groups[:missing] + groups[missing + 1 :]))


@given(st.text())
def test_any_text_is_refused(text):
    with pytest.raises(TicketError):
        read_ticket_untrusted(text)


@given(st.binary(max_size=100))
def test_any_body_is_refused(body):
    with pytest.raises(TicketError):
        read_ticket_untrusted(text_of(body))


@pytest.mark.parametrize("text", ["", "-", "A", "AA", "ß" * 30, "A" * (TICKET_CHARS_MAX + 1)])
def test_what_is_no_ticket_at_all(text):
    with pytest.raises(TicketError):
        read_ticket_untrusted(text)


def test_a_ticket_of_a_newer_version_says_so():
    with pytest.raises(TicketError, match="update khata"):
        read_ticket_untrusted(text_of(msgspec.msgpack.encode(a_ticket()), version=2))


def test_fields_that_a_newer_version_adds_are_ignored():
    fields = [*msgspec.to_builtins(a_ticket(), builtin_types=(bytes,)), "more", {"and": "more"}]
    assert read_ticket_untrusted(text_of(msgspec.msgpack.encode(fields))) == a_ticket()


def test_nesting_bombs_are_refused():
    for bomb in (b"\x91" * 1000, b"\x9f" * 1000, b"\x81\xa0" * 500):
        with pytest.raises(TicketError, match="malformed"):
            read_ticket_untrusted(text_of(bomb))


@pytest.mark.parametrize(
    "changes",
    [
        {"company": bytes(31)},
        {"secret": bytes(15)},
        {"expires": -1},
        {"addresses": ("",)},
        {"addresses": ("x" * 256,)},
        {"addresses": ("two words:1",)},
        {"addresses": ("a\x1b[2J:1",)},
        {"addresses": ("पुणे:1",)},
        {"addresses": ("a:1",) * (TICKET_ADDRESSES_MAX + 1)},
        {"relays": (Relay("a b", bytes(32)),)},
        {"relays": (Relay("a:1", bytes(31)),)},
        {"relays": (Relay("a:1", bytes(32)),) * (TICKET_RELAYS_MAX + 1)},
        {"branch": "\x1b[2J"},
        {"branch": "x" * 65},
        {"series": "PUNE1"},
    ],
)
def test_a_ticket_nobody_could_use_is_neither_made_nor_read(changes):
    ticket = a_ticket(**changes)
    with pytest.raises(TicketError):
        ticket.text()
    with pytest.raises(TicketError):
        read_ticket_untrusted(text_of(msgspec.msgpack.encode(ticket)))


def test_the_largest_ticket_fits():
    relays = tuple(Relay("r" * 250 + ":7420", bytes([n]) * 32) for n in range(TICKET_RELAYS_MAX))
    text = a_ticket(relays=relays, addresses=("a" * 100 + ":7420",) * TICKET_ADDRESSES_MAX).text()
    assert len(text) <= TICKET_CHARS_MAX
    assert read_ticket_untrusted(text).relays == relays


def test_neither_ticket_nor_invitation_shows_its_secret():
    for text in (repr(a_ticket()), repr(an_invitation())):
        assert "secret" not in text
        assert slot_id(SECRET).hex() in text


def test_a_ticket_fits_a_terminal_as_a_qr_code():
    lines = qr_code(a_ticket().text()).splitlines()
    assert len(lines) <= 40
    assert {len(line) for line in lines} <= set(range(40, 80))
    assert set("".join(lines)) == set(" █▀▄")


def test_slot_and_mac_follow_from_the_secret_alone():
    assert slot_id(SECRET) == a_ticket().slot == an_invitation().slot
    assert len(slot_id(SECRET)) == 16
    assert slot_id(bytes(16)) != slot_id(SECRET)
    assert SECRET not in slot_id(SECRET) + joining_mac(SECRET)


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_a_mac_is_for_one_list_of_fields(fields, others):
    mac = joining_mac(SECRET, *fields)
    assert joining_mac_ok(mac, SECRET, *fields)
    assert joining_mac_ok(mac, SECRET, *others) == (fields == others)
    assert not joining_mac_ok(mac, bytes(16), *fields)
    assert not joining_mac_ok(mac[:-1], SECRET, *fields)


def test_both_ends_show_the_same_code():
    code = check_code(b"a" * 32, b"b" * 32, b"c" * 32, SECRET)
    assert code == check_code(b"b" * 32, b"a" * 32, b"c" * 32, SECRET)
    assert len(code) == 9
    assert code.replace(" ", "").isdigit()
    others = {
        check_code(b"a" * 32, b"x" * 32, b"c" * 32, SECRET),
        check_code(b"a" * 32, b"b" * 32, b"x" * 32, SECRET),
        check_code(b"a" * 32, b"b" * 32, b"c" * 32, bytes(16)),
    }
    assert len(others) == 3
    assert code not in others


def test_an_invitation_is_used_once():
    invitation = an_invitation()
    assert invitation.standing(999) is Standing.OPEN
    invitation.check_open(999)
    used = invitation.joined(b"d" * 32)
    assert used.standing(999) is Standing.USED
    assert used.standing(1000) is Standing.USED
    with pytest.raises(TicketError, match="used"):
        used.check_open(999)


def test_an_invitation_expires():
    assert an_invitation().standing(1000) is Standing.EXPIRED
    with pytest.raises(TicketError, match="expired"):
        an_invitation().check_open(1000)


def test_an_invitation_closes_after_too_many_wrong_tries():
    invitation = an_invitation()
    for tries in range(INVITATION_WRONG_TRIES_MAX):
        assert invitation.standing(1) is Standing.OPEN
        assert invitation.wrong_tries == tries
        invitation = invitation.tried_wrongly()
    with pytest.raises(TicketError, match="wrong tries"):
        invitation.check_open(1)
