"""Rules as people change them: narrowed again, widened, altered at either end, and never to nothing unseen."""

import msgspec
import pytest

from crdt_models.rules import Rule
from khata.books import Books
from khata.errors import BooksError
from khata.rules.deeds import Wanted, activate, alter, offer
from khata.rules.standing import find_rule, rule_json
from p2p.chain import BranchAdded
from p2p.founding import append
from p2p.rule_deeds import offer_rule
from tests.khata.company import NOW, a_branch, a_company, sync


@pytest.fixture
def two() -> tuple[Books, Books]:
    """A head office and Pune, with a rule of everything."""
    office = a_company()
    return office, a_branch(office, "Pune")


def the_rule(books: Books, name: str = "Pune everything") -> Rule:
    return find_rule(books, name)


def test_what_was_narrowed_is_narrowed_further(two):
    office, _ = two
    alter(office, the_rule(office), Wanted(types=("Sales", "Receipt"), masters=("ledger", "group")))
    rule, asks = alter(office, the_rule(office), Wanted(types=("Sales",)))
    assert asks
    both = ("masters/ledger", "masters/group", "vouchers/*/sales/*", "transfers/**", "files/**")
    assert (rule.offer.sends, rule.offer.receives) == (both, both)
    rule, _ = alter(office, rule, Wanted(branches=("PUN",)))
    assert rule.offer.sends == (
        "masters/ledger", "masters/group", "vouchers/pun/sales/*", "transfers/pun~*/**", "files/pun/**",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (Wanted(types=("Receipt",)), r"vouchers/\*/receipt/\* is not in what the rule names"),
        (Wanted(types=("Sales", "Receipt")), r"vouchers/\*/receipt/\* is not in what the rule names"),
        (Wanted(masters=("ledger",)), "masters/ledger is not in what the rule names"),
        (Wanted(files=True), r"files/\*\* is not in what the rule names"),
        (Wanted(direction="receive"), "nothing would flow at all; .* with --preset"),
        (Wanted(direction="both"), "nothing would flow one way; .* with --preset"),
    ],
)
def test_a_choice_of_what_a_narrowed_rule_does_not_name_is_refused(two, wanted, sentence):
    office, pune = two
    narrow = Wanted(types=("Sales",), masters=(), files=False, direction="send")
    alter(office, the_rule(office), narrow)
    before = the_rule(office).offer
    with pytest.raises(BooksError, match=sentence):
        alter(office, the_rule(office), wanted)
    assert the_rule(office).offer == before
    sync(pune, office)
    with pytest.raises(BooksError, match=sentence):
        activate(pune, the_rule(pune), wanted)
    assert the_rule(pune).waits_for_answer


def test_a_preset_widens_what_was_narrowed(two):
    office, _ = two
    alter(office, the_rule(office), Wanted(types=("Sales",)))
    rule, _ = alter(office, the_rule(office), Wanted(preset="everything", types=("Receipt",)))
    assert "vouchers/*/receipt/*" in rule.offer.sends


def test_a_rule_of_more_patterns_than_can_be_read_is_refused(two):
    office, _ = two
    codes = tuple(f"B{number}" for number in range(65))
    for code in codes:
        append(office.replica, BranchAdded(time=NOW, code=code.lower(), name=code))
    types = ("Sales", "Receipt", "Payment", "Contra")
    with pytest.raises(BooksError, match="more than 256 parts"):
        offer(office, "Pune", Wanted(branches=codes, types=types), "much")


def test_an_answer_narrows_what_a_narrowed_offer_names(two):
    office, pune = two
    alter(office, the_rule(office), Wanted(types=("Sales", "Receipt")))
    sync(pune, office)
    rule = activate(pune, the_rule(pune), Wanted(types=("Sales",), masters=("ledger",)))
    assert rule.answer.sends == ("masters/ledger", "vouchers/*/sales/*", "transfers/**", "files/**")


def test_the_direction_of_an_answer_is_seen_from_who_offers(two):
    _, pune = two
    rule = activate(pune, the_rule(pune), Wanted(direction="send"))
    assert (rule.answer.sends, rule.answer.receives) == (None, ())
    rule = activate(pune, the_rule(pune), Wanted(direction="receive"))
    assert (rule.answer.sends, rule.answer.receives) == ((), None)
    with pytest.raises(BooksError, match="'up' is no direction"):
        activate(pune, the_rule(pune), Wanted(direction="up"))
    assert the_rule(pune).answer == rule.answer


def test_altering_at_the_branch_that_was_asked_leaves_a_waiting_offer_waiting(two):
    office, pune = two
    held = the_rule(pune).active
    alter(office, the_rule(office), Wanted(preset="masters-only"))
    sync(pune, office)
    rule, asks = alter(pune, the_rule(pune), Wanted(types=("Sales",)))
    assert not asks
    assert rule.waits_for_answer
    assert rule.active == held
    assert "vouchers/*/sales/*" in (rule.answer.sends or ())


def test_altering_at_the_branch_that_was_asked_leaves_what_is_not_named_as_it_is(two):
    _, pune = two
    activate(pune, the_rule(pune), Wanted(direction="send"))
    rule, _ = alter(pune, the_rule(pune), Wanted(types=("Sales",)))
    assert rule.answer.receives == ()
    narrowed = rule.answer.sends
    rule, _ = alter(pune, the_rule(pune), Wanted(direction="both"))
    assert (rule.answer.sends, rule.answer.receives) == (narrowed, None)
    rule, _ = alter(pune, the_rule(pune), Wanted(every="15"))
    assert (rule.answer.sends, rule.every_of("pun")) == (narrowed, 15)


def test_what_the_branch_that_was_asked_cannot_change_is_refused_there(two):
    office, pune = two
    for wanted in (Wanted(preset="masters-only"), Wanted(mode="online")):
        with pytest.raises(BooksError, match=r"Head Office offers .* alone changes its preset and its mode"):
            alter(pune, the_rule(pune), wanted)
    offer(office, "Pune", Wanted(preset="masters-only"), "second")
    sync(pune, office)
    with pytest.raises(BooksError, match=r'not active yet; .* khata rule activate "second"'):
        alter(pune, the_rule(pune, "second"), Wanted(direction="send"))


def test_an_offer_of_no_time_that_there_is_shows(two):
    office, _ = two
    never = msgspec.structs.replace(the_rule(office).offer, at=2**62)
    offer_rule(office.replica, never, "asha", NOW)
    assert rule_json(office, the_rule(office))["offered_at"] == "9999-12-31T23:59:59.999Z"
