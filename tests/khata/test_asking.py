"""What an admin asks of the keeper: written down, carried out once by the keeper, and answered."""

import json

import pytest

from crdt_models.packing import Value
from crdt_models.saves import SAVE_BYTES_MAX, pack_save
from khata.asking import DEEDS, ask, asks_instead, carry_out, request_list
from khata.books import Books
from khata.problems import find_problems
from p2p.device_notes import save_note
from p2p.limits import REQUESTS_PER_DEVICE_MAX
from p2p.members import make_admin, remove_admin
from p2p.replica import NotAllowed
from p2p.requests import DONE, REQUEST
from tests.khata.company import NOW, a_branch, a_company, ledger, sync, voucher
from tests.khata.two_folders import khata, opened, two_folders
from tests.p2p.copies import revoked_in
from tests.p2p.copies import sync as converse

LOCK: dict[str, Value] = {"until": "2025-03-31", "branch": "", "type": "", "anyway": False}


def company() -> tuple[Books, Books, Books]:
    """A head office, Pune which is an admin's, and Nagpur which is not."""
    office = a_company()
    pune, nagpur = a_branch(office, "Pune"), a_branch(office, "Nagpur")
    make_admin(office.replica, pune.member.device, NOW)
    for one in (pune, nagpur):
        sync(one, office)
    return office, pune, nagpur


def answered(office: Books, *others: Books) -> list[tuple[str, str, str]]:
    """Let the keeper see and answer what was asked; what everybody reads then."""
    for one in others:
        sync(one, office)
    carry_out(office)
    for one in others:
        sync(one, office)
    found = [[(row["do"], row["standing"], row["reason"]) for row in request_list(one)] for one in (office, *others)]
    assert all(rows == found[0] for rows in found)
    return found[0]


def test_a_request_is_carried_out_once_and_answered():
    office, pune, _ = company()
    assert asks_instead(pune)
    ask(pune, "lock set", LOCK)
    assert [row["standing"] for row in request_list(pune)] == ["asked"]
    assert answered(office, pune) == [("lock set", "carried out", "")]
    assert [lock.until for lock in pune.replica.chain.locks] == ["2025-03-31"]
    head = office.replica.chain_head()
    assert not carry_out(office)
    assert office.replica.chain_head() == head
    (row,) = request_list(pune)
    assert (row["asked_by"], row["user"], row["arguments"]["until"]) == ("Pune", "pune", "2025-03-31")


def test_what_cannot_be_done_is_answered_with_the_reason():
    office, pune, _ = company()
    ask(pune, "lock set", {**LOCK, "until": "2099-01-01"})
    ask(pune, "device rename", {"device": bytes(32), "name": "X"})
    ask(pune, "device grant", {"device": pune.member.device, "read": "everything", "write": []})
    ask(pune, "lock remove", {"lock": "first"})
    head = office.replica.chain_head()
    reasons = [reason for _, standing, reason in answered(office, pune) if standing == "refused"]
    assert len(reasons) == 4
    assert any("is not over" in reason for reason in reasons)
    assert "that device is not one of this company" in reasons
    assert "the request does not say which read" in reasons
    assert "the request does not say which lock" in reasons
    assert office.replica.chain_head() == head


def test_a_request_of_no_time_that_there_is_is_listed():
    _office, pune, _ = company()
    for number, at in enumerate((2**62, -(2**62))):
        register: dict[str, Value] = {"do": "lock set", "arguments": {}, "at": at, "user": "ravi"}
        save_note(pune.replica, {f"{REQUEST}{number:032x}": register}, "ravi", NOW)
    assert [row["at"] for row in request_list(pune)] == ["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]


def test_every_deed_of_members_can_be_asked_for():
    office, pune, nagpur = company()
    device = nagpur.member.device
    ask(pune, "device rename", {"device": device, "name": "Nagpur City"})
    ask(pune, "device admin", {"device": device})
    ask(pune, "device no-admin", {"device": device})
    ask(pune, "device grant", {"device": device, "read": ["control/**", "masters/**"], "write": []})
    ask(pune, "device readmit", {"commits": [bytes(32)]})
    ask(pune, "device revoke", {"device": device})
    ask(pune, "keeper move", {"device": pune.member.device, "anyway": True})
    assert {standing for _, standing, _ in answered(office, pune)} == {"carried out"}
    assert pune.replica.chain.keeper == pune.member.device
    assert device in revoked_in(pune.replica.chain)
    assert len(DEEDS) == 10


@pytest.mark.parametrize("first", ["grant", "revocation"])
def test_a_grant_and_a_revocation_that_two_admins_prepared_apart_come_out_the_same_everywhere(first):
    office, pune, nagpur = company()
    till = a_branch(office, "Till")
    make_admin(office.replica, nagpur.member.device, NOW)
    for one in (pune, nagpur, till):
        sync(one, office)
    device = till.member.device
    # Neither has heard of the other's wish.
    ask(pune, "device grant", {"device": device, "read": ["control/**", "masters/**"], "write": ["masters/**"]})
    ask(nagpur, "device revoke", {"device": device})
    for one in (pune, nagpur) if first == "grant" else (nagpur, pune):
        answered(office, one)
    for one in (pune, nagpur):
        sync(one, office)
    done = {row["do"]: row["standing"] for row in request_list(office)}
    # Revocation is final: a grant that comes after it is refused, one that came before it helps nobody.
    assert done == {"device revoke": "carried out", "device grant": "carried out" if first == "grant" else "refused"}
    for books in (office, pune, nagpur):
        assert device in revoked_in(books.replica.chain)
        assert books.replica.chain_head() == office.replica.chain_head()
        assert {row["do"]: row["standing"] for row in request_list(books)} == done
    ledger(office, "Asha")
    assert not converse(till.replica, office.replica).in_sync
    assert ("Asha",) not in till.db.execute("SELECT name FROM ledgers").fetchall()


def test_late_vouchers_are_admitted_by_request():
    office, pune, nagpur = company()
    ledger(nagpur, "Asha")
    voucher(nagpur, "Receipt", "Cash 500 / Asha -500", date="2026-03-20")
    ask(pune, "lock set", {**LOCK, "until": "2026-03-31"})
    answered(office, pune)
    sync(nagpur, office)
    sync(pune, office)
    (problem,) = find_problems(pune)
    ask(pune, "lock admit", {"vouchers": [problem.documents[0]]})
    assert answered(office, pune)[-1][:2] == ("lock admit", "carried out")
    assert find_problems(pune) == []


def test_who_is_no_admin_asks_for_nothing_and_gets_nothing_by_writing_it_down():
    office, _pune, nagpur = company()
    assert not asks_instead(nagpur)
    assert not asks_instead(office)
    with pytest.raises(NotAllowed, match="only an admin"):
        ask(nagpur, "lock set", LOCK)
    forged: dict[str, Value] = {REQUEST + "00" * 16: {"do": "lock set", "arguments": LOCK, "at": NOW, "user": "eve"}}
    save_note(nagpur.replica, forged, "eve", NOW)
    assert answered(office, nagpur) == [("lock set", "asked", "")]
    assert office.replica.chain.locks == ()


def test_an_admin_whose_right_was_taken_away_is_not_obeyed_any_more():
    office, pune, _ = company()
    ask(pune, "lock set", LOCK)
    remove_admin(office.replica, pune.member.device, NOW)
    assert answered(office, pune) == [("lock set", "asked", "")]
    assert office.replica.chain.locks == ()


def test_nobody_but_a_keeper_answers():
    office, pune, nagpur = company()
    request = ask(pune, "lock set", LOCK)
    sync(pune, office)
    sync(nagpur, office)
    save_note(nagpur.replica, {DONE + request.id: ""}, "eve", NOW)
    sync(nagpur, office)
    assert [row["standing"] for row in request_list(office)] == ["asked"]
    assert answered(office, pune) == [("lock set", "carried out", "")]


def test_requests_of_any_form_do_no_harm():
    office, pune, _ = company()
    odd: dict[str, Value] = {
        REQUEST + "a": "text", REQUEST + "b": {"do": 1}, REQUEST: None,
        REQUEST + "c": {"do": "format disk", "arguments": {}, "at": -5, "user": ""},
        REQUEST + "d": {"do": "lock set", "arguments": {"until": 7}, "at": NOW, "user": "x"},
    }  # fmt: skip
    save_note(pune.replica, odd, "eve", NOW)
    found = answered(office, pune)
    assert [(do, standing) for do, standing, _ in found] == [("format disk", "refused"), ("lock set", "refused")]


def test_a_request_whose_id_leaves_no_room_for_an_answer_keeps_no_other_from_being_answered():
    office, pune, _ = company()
    wish: dict[str, Value] = {"do": "", "arguments": {}, "at": NOW - 1, "user": ""}
    # The length of a long text takes four bytes more than that of a short one.
    longest = SAVE_BYTES_MAX - len(pack_save({REQUEST: wish}, (), "")) - 4
    save_note(pune.replica, {REQUEST + "a" * longest: wish}, "", NOW)
    ask(pune, "lock set", LOCK)
    assert answered(office, pune) == [("lock set", "carried out", "")]


def test_nobody_asks_for_more_than_can_be_looked_through():
    _office, pune, _ = company()
    for _ in range(REQUESTS_PER_DEVICE_MAX):
        ask(pune, "lock set", LOCK)
    with pytest.raises(NotAllowed, match="wait for the keeper already"):
        ask(pune, "lock set", LOCK)


def test_the_command_line_asks_where_it_is_an_admins_and_does_what_it_can_where_it_is_the_keepers(tmp_path):
    folders = two_folders(tmp_path, lambda _: None)
    with opened(folders.office) as office, opened(folders.pune) as pune:
        make_admin(office.replica, pune.member.device, NOW)
        sync(pune, office)
    said = khata(folders.pune, "lock", "set", "2025-03-31").output
    assert said.startswith("asked Head Office; it is carried out at its next synchronization")
    shown = khata(folders.pune, "keeper", "move", "Pune", "--anyway").output
    assert "only Pune invites, locks and revokes" in shown
    assert "nothing was done; run it again with --yes" in shown
    assert json.loads(khata(folders.pune, "keeper", "move", "Pune", "--json").stdout)["done"] is False
    with pytest.raises(AssertionError, match="Head Office keeps the list already"):
        khata(folders.pune, "keeper", "move", "HO", "--yes")
    with opened(folders.pune) as pune:
        assert [row["do"] for row in request_list(pune)] == ["lock set"]
    asked = json.loads(khata(folders.pune, "keeper", "move", "Pune", "--anyway", "--yes", "--json").stdout)
    assert asked["asked"] == "Head Office"
    with opened(folders.office) as office, opened(folders.pune) as pune:
        sync(pune, office)
        assert carry_out(office)
        sync(pune, office)
    rows = json.loads(khata(folders.pune, "keeper", "requests", "--json").stdout)
    assert [(row["do"], row["standing"]) for row in rows] == [
        ("lock set", "carried out"),
        ("keeper move", "carried out"),
    ]
    assert "carried out" in khata(folders.pune, "keeper", "requests").output
    assert khata(folders.pune, "lock", "set", "2025-04-30").output.startswith("saved lock")
    with pytest.raises(AssertionError, match="only Pune keeps the list"):
        khata(folders.office, "lock", "set", "2025-05-31")


def test_the_commands_about_devices_are_asked_for_too(tmp_path):
    folders = two_folders(tmp_path, lambda _: None)
    with opened(folders.office) as office, opened(folders.pune) as pune:
        a_branch(office, "Till")
        make_admin(office.replica, pune.member.device, NOW)
        sync(pune, office)
    for command in (
        ("rename", "Till", "Counter"), ("admin", "Till"), ("admin", "Till", "--remove"),
        ("grant", "Till", "--preset", "masters-only", "--yes"), ("revoke", "Till", "--yes"),
    ):  # fmt: skip
        assert khata(folders.pune, "device", *command).output.startswith("asked Head Office")
    with opened(folders.office) as office, opened(folders.pune) as pune:
        assert {standing for _, standing, _ in answered(office, pune)} == {"carried out"}
        (revoked,) = [one for one in pune.replica.chain.members.values() if one.revoked_at is not None]
    assert revoked.name == "Counter"
