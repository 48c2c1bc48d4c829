"""Where rules stand is told while copies meet, and a rule that cannot have moved is not read again."""

from khata.books import Books
from khata.rules.deeds import activate
from khata.rules.standing import find_rule
from khata.rules.steps import RuleSteps, rule_steps
from p2p.rule_deeds import offer_preset
from tests.khata.company import NOW, a_branch, a_company, ledger, sync


def documents_read(books: Books, steps: RuleSteps) -> int:
    """How often documents are asked for while the steps are."""
    statements: list[str] = []
    books.replica.db.set_trace_callback(statements.append)
    steps.now()
    books.replica.db.set_trace_callback(None)
    return len([text for text in statements if "FROM documents" in text])


def test_the_steps_are_those_that_reading_everything_anew_finds():
    office = a_company()
    pune = a_branch(office, "Pune")
    sync(pune, office)
    ends = [(books, RuleSteps(books)) for books in (office, pune)]
    seen: list[list[str]] = []

    def look() -> None:
        for books, steps in ends:
            assert steps.now() == rule_steps(books)
        seen.append([next((one.step for one in steps.now().values() if one.name == "stock"), "") for _, steps in ends])

    look()
    offer_preset(office.replica, "pun", "masters-only", "ho", NOW, name="stock")
    look()
    sync(pune, office)
    look()
    activate(pune, find_rule(pune, "stock"))
    look()
    sync(pune, office)
    look()
    assert seen == [["", ""], ["offered", ""], ["delivered", "delivered"], ["delivered", "active"], ["ready", "ready"]]


def test_a_rule_that_stands_is_not_read_again_whatever_else_comes():
    office = a_company()
    pune = a_branch(office, "Pune")
    offer_preset(office.replica, "pun", "masters-only", "ho", NOW, name="stock")
    steps = RuleSteps(office)
    assert documents_read(office, steps) > 1
    assert documents_read(office, steps) > 1, "it is on its way, so it may have arrived"
    sync(pune, office)
    assert documents_read(office, steps) > 1
    ledger(pune, "Asha")
    sync(pune, office)
    assert documents_read(office, steps) == 1
