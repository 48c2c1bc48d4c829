"""A relay where rules change: what is still to be delivered is counted, kept, and not taken for delivered."""

import msgspec
import pytest

from crdt_models.rules import PAUSED
from p2p.pruning import prune
from p2p.replica import Replica
from p2p.reports import Reports, control_delivered, delivered_through, keep_report
from p2p.rule_deeds import offer_preset, save_rule
from p2p.rules import Agreements, rules_in
from p2p.waiting import WaitingCounts, waiting_for
from tests.p2p.copies import NOW, agree, branch_of, head_office, relay_of, save, sync

SALES = "vouchers/ho/sales/2026-04"
DAY = 24 * 60 * 60 * 1000


def with_relay(rule: str) -> tuple[Replica, Replica, Replica]:
    """A head office with three vouchers, a branch and a relay that both are in sync with."""
    office = head_office()
    pune = branch_of(office, "Pune", rule=rule)
    relay = relay_of(office)
    for number in range(3):
        save(office, SALES, bytes([number]) * 16, amount=f"{number}.00")
    for one in (office, pune, office, pune):
        sync(one, relay)
    assert sync(office, relay).in_sync
    assert sync(pune, relay).in_sync
    return office, pune, relay


def test_what_a_wider_rule_lets_flow_waits_at_the_relay_and_is_not_dropped_before_it_is_delivered():
    office, pune, relay = with_relay("masters-only")
    agree(office, office.keys, pune.keys, "everything")
    assert sync(office, relay).in_sync
    assert waiting_for(relay, pune.keys.id).commits == 3
    assert prune(relay, NOW + DAY) == 0
    assert sync(pune, relay).in_sync
    assert pune.document(SALES, "voucher", bytes(16)) is not None
    assert prune(relay, NOW + DAY) == 3


def test_what_its_author_alone_has_is_not_dropped():
    office, pune, relay = with_relay("masters-only")
    assert prune(relay, NOW + DAY) == 0, "no rule gives these vouchers to anybody but the head office"
    offer_preset(office, "pun", "everything", "asha", NOW)
    for one in (office, pune):
        assert sync(one, relay).in_sync
    assert prune(relay, NOW + DAY) == 0, "they lie ready for when that offer is accepted"


@pytest.mark.parametrize("paused", [True, False])
def test_what_a_paused_rule_names_lies_ready_for_when_it_goes_on(paused):
    office, pune, relay = with_relay("everything")
    branch_of(office, "Nagpur", rule="")
    (rule,) = rules_in(office.documents, office.chain)
    save_rule(office, rule.id, {f"{PAUSED}ho": paused}, "asha", NOW)
    for one in (office, pune, office, pune):
        assert sync(one, relay).in_sync
    assert prune(relay, NOW + DAY) == (0 if paused else 3)


def test_that_nothing_waits_at_a_relay_does_not_say_that_an_offer_was_delivered():
    office, pune, relay = with_relay("everything")
    offer_preset(office, "pun", "masters-only", "asha", NOW)
    offered = office.store.next_row() - 1
    assert sync(office, relay).in_sync
    keep_report(office, relay.keys.id, Reports(WaitingCounts(relay)).to(office.keys.id).rows, NOW + 1000)
    assert control_delivered(office, pune.keys.id) < offered
    assert sync(pune, relay).in_sync
    keep_report(office, relay.keys.id, Reports(WaitingCounts(relay)).to(office.keys.id).rows, NOW + 3000)
    assert control_delivered(office, pune.keys.id) >= offered


def test_what_a_relay_has_delivered_is_told_without_a_clock():
    office, pune, relay = with_relay("everything")
    assert sync(office, relay).in_sync
    assert sync(pune, relay).in_sync
    assert sync(office, relay).in_sync
    save(office, "vouchers/ho/sales/2026-04", b"document 1      ", amount="1")
    assert sync(office, relay).in_sync
    told = Reports(WaitingCounts(relay)).to(office.keys.id).rows
    # The clocks of relay and member jump as they like: neither makes anything be where it is not.
    for jumped in (0, NOW + DAY):
        rows = [msgspec.structs.replace(row, delivered_at=jumped) for row in told]
        keep_report(office, relay.keys.id, rows, NOW - DAY)
        assert delivered_through(office, pune.keys.id).row < office.store.next_row() - 1
    assert sync(pune, relay).in_sync
    keep_report(office, relay.keys.id, Reports(WaitingCounts(relay)).to(office.keys.id).rows, 0)
    assert delivered_through(office, pune.keys.id).row == office.store.next_row() - 1


def test_whose_words_count_in_a_rule_is_asked_anew_where_as_many_members_are_others():
    office = head_office()
    pune = branch_of(office, "Pune")
    agreements = Agreements(office.documents)
    (before,) = agreements.read(office.chain)
    assert before.active
    twin = head_office()
    branch_of(twin, "Nagpur")
    assert len(twin.chain.members) == len(office.chain.members)
    assert pune.keys.author not in twin.chain.members
    assert agreements.read(twin.chain) == Agreements(office.documents).read(twin.chain)
    assert agreements.read(office.chain) == (before,)
