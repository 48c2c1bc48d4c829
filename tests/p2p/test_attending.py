"""Whom a device calls by itself, by the rules in its books and by what a person decided here."""

from crdt_models.packing import Value
from crdt_models.rules import EVERY, PAUSED
from p2p.attending import attend, shares_with
from p2p.contact import Contact
from p2p.keepers import repeat_what_stays_in_force
from p2p.replica import Replica
from p2p.rule_deeds import accept_first_rules, save_rule
from p2p.rules import rules_in
from p2p.schedules import ALWAYS, NEVER, Attention
from tests.p2p.copies import NOW, branch_of, bring_control, head_office, keys_of
from tests.p2p.stores import a_store


def copies() -> tuple[Replica, Replica, Replica]:
    """A head office and two branches that have agreed with it, and not with each other."""
    office = head_office()
    pune, nagpur = (branch_of(office, name, with_all=False) for name in ("Pune", "Nagpur"))
    for branch in (pune, nagpur):
        branch.extend_chain(office.chain_entries(branch.chain_head()[0]))
        bring_control(office, branch)
    return office, pune, nagpur


def set_in_rule(replica: Replica, register: str, value: Value) -> None:
    mine = replica.chain.members[replica.keys.author].branch
    (rule,) = [one for one in rules_in(replica.documents, replica.chain) if mine in one.branches]
    save_rule(replica, rule.id, {register + mine: value}, "asha", NOW)


def test_a_rule_says_how_often_and_each_branch_for_itself():
    office, pune, _nagpur = copies()
    assert attend(pune, office.keys.id, False) == ALWAYS
    for every, expected in ((30, Attention(True, 1800)), ("manual", NEVER), ("continuous", ALWAYS)):
        set_in_rule(pune, EVERY, every)
        assert attend(pune, office.keys.id, False) == expected
        assert attend(office, pune.keys.id, False) == ALWAYS


def test_without_a_rule_only_the_keeper_and_who_was_named_are_called():
    office, pune, nagpur = copies()
    assert attend(pune, nagpur.keys.id, False) == NEVER
    assert attend(pune, nagpur.keys.id, True) == ALWAYS
    assert not shares_with(pune, nagpur.keys.id)
    set_in_rule(pune, PAUSED, True)
    assert attend(pune, office.keys.id, False) == ALWAYS
    assert not shares_with(pune, office.keys.id)


def test_what_a_person_decided_here_comes_first():
    office, pune, _ = copies()
    contact = Contact(pune.store)
    contact.pause([office.keys.id])
    assert attend(pune, office.keys.id, True) == NEVER
    assert attend(pune, None, True) == ALWAYS
    contact.resume([office.keys.id])
    assert attend(pune, office.keys.id, False) == ALWAYS
    contact.work_offline(True)
    assert attend(pune, office.keys.id, True) == attend(pune, None, True) == NEVER
    contact.work_offline(False)
    assert attend(pune, office.keys.id, False) == ALWAYS


def test_a_device_that_was_not_admitted_yet_has_nothing_to_do():
    office = head_office()

    joiner = Replica(a_store(), keys_of("Surat"), office.company)
    assert joiner.chain.keeper == b""
    assert not repeat_what_stays_in_force(joiner, NOW)
    assert not accept_first_rules(joiner, "everything", "asha", NOW)
