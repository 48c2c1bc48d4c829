"""Rules in the edit log: by their names, with what was offered and answered in words."""

import pytest

from crdt_models.rules import KIND, Answer
from khata.log.entries import read_log
from khata.log.rule_words import rule_said
from khata.log.wanted import Wanted
from khata.rules.deeds import Wanted as Choice
from khata.rules.deeds import alter, pause, reject
from khata.rules.standing import find_rule
from p2p.scope import RULES_SCOPE
from tests.khata.company import a_branch, a_company, put, sync


def stories(books):
    return [entry["story"] for entry in read_log(books, Wanted(kind="rule"), 0, False)]


def test_offers_answers_and_pauses_are_told_in_words():
    office = a_company()
    pune = a_branch(office, "Pune")
    alter(office, find_rule(office, "Pune everything"), Choice(types=("Sales",), since="2026-04"))
    sync(pune, office)
    reject(pune, find_rule(pune, "Pune everything"), "too little")
    pause(pune, find_rule(pune, "Pune everything"), True)
    sync(pune, office)
    told = stories(office)
    assert told == stories(pune)
    text = "\n".join(told)
    assert "rule Pune everything" in text
    assert "ho offers pun everything, on-demand" in text
    assert "since 2026-04" in text
    assert "accepted" in text
    assert "the change turned down (too little)" in text
    assert "paused:pun yes" in text or "paused:pun" in text
    assert "hex:" not in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(active=b"a" * 16), "accepted"),
        (Answer(active=b"a" * 16, sends=()), "accepted, narrowed"),
        (Answer(rejected=b"b" * 16, reason="no"), "turned down (no)"),
        (Answer(active=b"a" * 16, rejected=b"b" * 16), "the change turned down"),
    ],
)
def test_an_answer_in_words(answer, words):
    value = {key: f"hex:{held.hex()}" if isinstance(held, bytes) else held for key, held in answer.register().items()}
    assert rule_said(value) == words


@pytest.mark.parametrize("sends", [7, None, "masters/**", [3, None], {"masters": 1}])
def test_an_offer_that_is_none_is_told_all_the_same(sends):
    office = a_company()
    a_branch(office, "Pune")
    id = find_rule(office, "Pune everything").id
    put(office, RULES_SCOPE, KIND, id, offer={"source": 1, "target": ["pun"], "sends": sends, "receives": []})
    assert "offers ['pun'] sends" in stories(office)[-1]
    put(office, RULES_SCOPE, KIND, id, answer={"active": [1], "rejected": 2, "reason": {"a": 1}, "sends": 4})
    assert "the change turned down" in stories(office)[-1]
