"""Rules between devices: what is offered, answered, paused and narrowed, and that both ends come to the same share."""

import pytest

from crdt_models.packing import Value
from crdt_models.rules import ANSWER, EVERY, OFFER, PAUSED, SINCE, Answer, Offer, rule_id
from crdt_models.saves import pack_save
from p2p.chain import Grant
from p2p.commit import Item
from p2p.messages import SHARE
from p2p.replica import Replica
from p2p.rule_deeds import RuleError, accept, answer_rule, offer_preset, offer_rule, save_rule
from p2p.rules import rules_in
from p2p.scope import RULES_SCOPE
from p2p.store import Store
from tests.p2p.copies import (
    EVERYTHING,
    EVERYTHING_RULE,
    NOW,
    agree,
    branch_of,
    bring_control,
    digest,
    head_office,
    keys_of,
    save,
    sync,
)

MASTERS, SALES, RECEIPTS = "masters/ledger", "vouchers/ho/sales/2026-04", "vouchers/ho/receipt/2026-06"
PUNE_SALES, PAIR = "vouchers/pun/sales/2026-05", "transfers/ho~pun/2026-05"
SCOPES = (MASTERS, SALES, RECEIPTS, PUNE_SALES, PAIR)


def doc(number: int) -> bytes:
    return bytes([number]) * 16


def filled(replica: Replica) -> Replica:
    for number, scope in enumerate(SCOPES):
        if scope.split("/")[0] in ("masters", "vouchers"):
            save(replica, scope, doc(number), amount="1.00")
    data = pack_save({"route": {}}, (), "asha")
    replica.commit(PAIR, [Item(doc(9), "transfer", data)], NOW)
    return replica


def held(replica: Replica) -> set[str]:
    return {scope for scope in digest(replica) if not scope.startswith("control/")}


def the_rule(replica: Replica):
    (rule,) = rules_in(replica.documents, replica.chain)
    return rule


def two(rule: str = EVERYTHING_RULE, grant: Grant | None = None) -> tuple[Replica, Replica]:
    office = filled(head_office())
    pune = branch_of(office, "Pune", rule=rule, grant=grant or EVERYTHING)
    return office, pune


@pytest.mark.parametrize(
    ("preset", "here"),
    [
        ("everything", set(SCOPES)),
        ("masters-only", {MASTERS, PUNE_SALES, PAIR}),
        ("vouchers-up", {MASTERS, PUNE_SALES, PAIR}),
        ("own-branch", {MASTERS, PUNE_SALES, PAIR}),
        ("", {PUNE_SALES, PAIR}),
    ],
)
def test_each_preset_lets_flow_what_it_names_and_a_branch_gets_its_own_books_under_any(preset, here):
    office, pune = two(preset)
    assert sync(pune, office).in_sync
    assert held(pune) == here


@pytest.mark.parametrize(
    ("preset", "comes"),
    [
        ("everything", {MASTERS, PUNE_SALES, SALES}),
        ("masters-only", {MASTERS, SALES}),
        ("vouchers-up", {PUNE_SALES, SALES}),
        ("own-branch", {MASTERS, PUNE_SALES, SALES}),
        ("", {SALES}),
    ],
)
def test_each_preset_lets_the_branch_send_what_it_names(preset, comes):
    office = head_office()
    pune = branch_of(office, "Pune", rule=preset)
    bring_control(office, pune)
    for number, scope in enumerate((MASTERS, PUNE_SALES, SALES)):
        save(pune, scope, doc(number), amount="1.00")
    assert sync(pune, office).in_sync
    assert held(office) == comes
    assert held(pune) == {MASTERS, PUNE_SALES, SALES}


def changed(office: Replica, pune: Replica, **changes: object) -> None:
    """Offer the rule anew with changes, and have Pune accept it."""
    rule = the_rule(office)
    fields = {name: getattr(rule.offer, name) for name in Offer.__struct_fields__}
    offer_rule(office, Offer(**{**fields, "at": rule.offer.at + 1, **changes}), "asha", NOW)
    bring_control(office, pune)
    accept(pune, the_rule(pune), "ravi", NOW)
    bring_control(pune, office)


@pytest.mark.parametrize(
    ("changes", "here"),
    [
        ({"sends": ("masters/ledger",)}, {MASTERS, PUNE_SALES, PAIR}),
        ({"sends": ("vouchers/*/sales/*",)}, {SALES, PUNE_SALES, PAIR}),
        ({"sends": ("vouchers/ho/**",)}, {SALES, RECEIPTS, PUNE_SALES, PAIR}),
        ({"sends": ()}, {PUNE_SALES, PAIR}),
        ({"since": "2026-05"}, {MASTERS, RECEIPTS, PUNE_SALES, PAIR}),
        ({"sends": ("**",)}, set(SCOPES)),
        ({"sends": ("control/**", "no such pattern/", "masters/**")}, {MASTERS, PUNE_SALES, PAIR}),
        ({"mode": "online"}, set(SCOPES)),
    ],
)
def test_every_option_of_an_offer_decides_what_comes(changes, here):
    office, pune = two()
    bring_control(office, pune)
    changed(office, pune, **changes)
    assert sync(pune, office).in_sync
    assert held(pune) == here


def test_a_changed_offer_changes_nothing_until_it_is_accepted_and_what_was_agreed_holds():
    office, pune = two("masters-only")
    bring_control(office, pune)
    rule = the_rule(office)
    wider = Offer(
        source="ho", target="pun", name=rule.offer.name, sends=("masters/**", "vouchers/**"), receives=(), at=NOW + 5
    )
    offer_rule(office, wider, "asha", NOW + 5)
    assert sync(pune, office).in_sync
    assert held(pune) == {MASTERS, PUNE_SALES, PAIR}
    assert the_rule(pune).state == "active"
    assert the_rule(pune).waits_for_answer
    accept(pune, the_rule(pune), "ravi", NOW + 6)
    assert sync(pune, office).in_sync
    assert held(pune) == set(SCOPES)


def test_turning_a_change_down_leaves_what_was_agreed_and_turning_the_rule_down_ends_it():
    office, pune = two("masters-only")
    bring_control(office, pune)
    before = the_rule(pune)
    changed_offer = Offer(source="ho", target="pun", name=before.offer.name, sends=("**",), receives=(), at=NOW + 5)
    offer_rule(office, changed_offer, "asha", NOW + 5)
    bring_control(office, pune)
    now = the_rule(pune)
    answer_rule(pune, now, Answer(active=now.answer.active, rejected=now.offered, reason="too much"), "ravi", NOW + 6)
    assert (the_rule(pune).state, the_rule(pune).waits_for_answer) == ("active", False)
    assert the_rule(pune).active == before.active
    answer_rule(pune, now, Answer(rejected=now.offered), "ravi", NOW + 7)
    assert the_rule(pune).state == "rejected"
    assert sync(pune, office).in_sync
    assert held(pune) == {PUNE_SALES, PAIR}


def test_either_branch_pauses_a_rule_for_itself_and_the_other_cannot_resume_it():
    office, pune = two()
    assert sync(pune, office).in_sync
    save_rule(pune, the_rule(pune).id, {PAUSED + "pun": True}, "ravi", NOW)
    bring_control(pune, office)
    save_rule(office, the_rule(office).id, {PAUSED + "pun": False, PAUSED + "ho": False}, "asha", NOW + 1)
    save(office, MASTERS, doc(50), name="Later")
    assert sync(pune, office).in_sync
    assert the_rule(office).paused == the_rule(pune).paused == ("pun",)
    assert digest(pune)[MASTERS] != digest(office)[MASTERS]
    save_rule(pune, the_rule(pune).id, {PAUSED + "pun": False}, "ravi", NOW + 2)
    assert sync(pune, office).in_sync
    assert digest(pune)[MASTERS] == digest(office)[MASTERS]


def test_a_since_mark_of_either_branch_counts_and_can_be_taken_back():
    office, pune = two()
    bring_control(office, pune)
    save_rule(pune, the_rule(pune).id, {SINCE + "pun": "2026-06"}, "ravi", NOW)
    assert sync(pune, office).in_sync
    assert held(pune) == {MASTERS, RECEIPTS, PUNE_SALES, PAIR}
    save_rule(pune, the_rule(pune).id, {SINCE + "pun": ""}, "ravi", NOW + 1)
    assert sync(pune, office).in_sync
    assert held(pune) == set(SCOPES)


def test_what_a_branch_narrows_an_offer_to_is_a_further_limit():
    office, pune = two()
    bring_control(office, pune)
    rule = the_rule(pune)
    answer_rule(pune, rule, Answer(active=rule.offered, sends=("masters/**", "vouchers/*/sales/*")), "ravi", NOW + 1)
    assert sync(pune, office).in_sync
    assert held(pune) == {MASTERS, SALES, PUNE_SALES, PAIR}


def test_only_the_branch_that_may_say_it_counts():
    office = head_office()
    pune, nagpur = branch_of(office, "Pune", rule=""), branch_of(office, "Nagpur", rule="")
    id = offer_preset(office, "pun", EVERYTHING_RULE, "asha", NOW)
    for copy in (pune, nagpur):
        bring_control(office, copy)
    rule = the_rule(nagpur)
    forged: dict[str, Value] = {ANSWER: Answer(active=rule.offered).register(), PAUSED + "pun": True, EVERY + "ho": 1}
    save_rule(nagpur, id, forged, "meera", NOW + 1)
    offer = Offer(source="ho", target="pun", name=rule.offer.name, sends=("**",), receives=("**",), at=NOW + 2)
    save_rule(nagpur, id, {OFFER: offer.register()}, "meera", NOW + 2)
    bring_control(nagpur, office)
    found = the_rule(office)
    assert (found.state, found.paused, found.every, found.offered) == ("offered", (), {}, rule.offered)
    with pytest.raises(RuleError, match="offered to pun"):
        accept(nagpur, rule, "meera", NOW)


def test_an_offer_for_other_branches_under_the_id_of_a_rule_counts_nowhere():
    office = head_office()
    pune = branch_of(office, "Pune", rule="")
    bring_control(office, pune)
    id = rule_id(office.company, "ho", "pun", "theirs")
    mine = Offer(source="pun", target="ho", name="theirs", sends=("**",), receives=("**",), at=NOW)
    save_rule(pune, id, {OFFER: mine.register()}, "ravi", NOW)
    assert rules_in(pune.documents, pune.chain) == []


def test_a_rule_holds_whatever_its_registers_hold():
    office, pune = two()
    bring_control(office, pune)
    rule = the_rule(pune)
    odd: dict[str, Value] = {
        EVERY + "pun": "often", SINCE + "pun": 7, PAUSED + "pun": "yes", "colour": ["green"], EVERY + "ho": 5,
    }  # fmt: skip
    save_rule(pune, rule.id, odd, "ravi", NOW)
    found = the_rule(pune)
    assert (found.every, found.since, found.paused, found.state) == ({}, {}, (), "active")
    save_rule(office, rule.id, {OFFER: {"newer": True}}, "asha", NOW + 1)
    assert the_rule(office).offer == rule.offer


def test_a_tablet_granted_masters_alone_sees_no_scope_of_vouchers_under_the_widest_rule():
    tablet_grant = Grant(("control/**", "masters/**"), ("masters/**",))
    office, tablet = two(grant=tablet_grant)
    line = sync(tablet, office)
    assert line.in_sync
    assert held(tablet) == {MASTERS}
    assert b"vouchers/" not in line.carried.replace(b"vouchers/**", b"").replace(b"vouchers/pun/", b"")
    share = office.view(SHARE, tablet.keys.id).share
    assert not share.covers(SALES)
    assert not share.covers(PUNE_SALES)


def test_both_ends_compute_the_same_share_and_unrelated_admissions_leave_it_as_it_is():
    office, pune = two()
    assert sync(pune, office).in_sync
    before = office.view(SHARE, pune.keys.id).share
    branch_of(office, "Nagpur", with_all=False)
    bring_control(office, pune)
    pune.extend_chain(office.chain_entries(-1))
    here, there = office.view(SHARE, pune.keys.id).share, pune.view(SHARE, office.keys.id).share
    assert here.id == there.id == before.id
    agree(office, office.keys, keys_of("Pune"), "masters-only")
    assert office.view(SHARE, pune.keys.id).share.id != before.id


def test_commits_outside_the_share_are_blamed_on_nobody_while_the_two_disagree_about_it():
    office, pune = two()
    assert sync(pune, office).in_sync
    commit = save(office, RECEIPTS, doc(77), amount="7.00")
    parts = [(commit.header_bytes, commit.signature, commit.ciphertext)]
    share = pune.view(SHARE, office.keys.id).share
    save_rule(pune, the_rule(pune).id, {PAUSED + "pun": True}, "ravi", NOW)
    narrowed = pune.view(SHARE, office.keys.id).share
    passed_over = pune.ingest_from(pune.check_untrusted(parts), office.keys.id, narrowed, NOW, share.id)
    assert (passed_over.gained, passed_over.refused, passed_over.held_back) == (0, [], [commit.id])
    blamed = pune.ingest_from(pune.check_untrusted(parts), office.keys.id, narrowed, NOW, narrowed.id)
    assert [reason for _, reason in blamed.refused] == [f"{RECEIPTS} is outside what is shared with this peer"]


def test_a_rule_that_waited_for_its_key_counts_when_the_key_comes():
    office = filled(head_office())
    pune = branch_of(office, "Pune")
    rules = office.store.find_scope(RULES_SCOPE)
    assert rules is not None
    parts = [(one.header, one.signature, one.body) for one in office.store.in_scope(rules, 0, 10)]
    pune.ingest_from(pune.check_untrusted(parts), office.keys.id, None, NOW)
    assert not pune.view(SHARE, office.keys.id).share.may_take(SALES)
    bring_control(office, pune)
    assert pune.view(SHARE, office.keys.id).share.may_take(SALES)


def test_another_process_counts_a_rule_that_waited_for_its_key_too(tmp_path):
    office = filled(head_office())
    pune = branch_of(office, "Pune", tmp_path)
    rules = office.store.find_scope(RULES_SCOPE)
    assert rules is not None
    parts = [(one.header, one.signature, one.body) for one in office.store.in_scope(rules, 0, 10)]
    pune.ingest_from(pune.check_untrusted(parts), office.keys.id, None, NOW)
    serving = Replica(Store.open(tmp_path / "pune.db"), pune.keys, pune.company)
    assert not serving.view(SHARE, office.keys.id).share.may_take(SALES)
    bring_control(office, pune)
    assert pune.view(SHARE, office.keys.id).share.may_take(SALES)
    serving.refresh()
    assert serving.view(SHARE, office.keys.id).share.may_take(SALES)
