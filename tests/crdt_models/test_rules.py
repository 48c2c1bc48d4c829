"""Rules as documents: what counts in them depends on whose device says it, and on no order in which it came."""

from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.document import Document
from crdt_models.packing import Value
from crdt_models.rules import (
    ANSWER,
    EVERY,
    KIND,
    OFFER,
    PAUSED,
    SINCE,
    Answer,
    Offer,
    Rule,
    offer_hash,
    read_rule,
    rule_id,
)
from crdt_models.saves import pack_save

COMPANY = b"c" * 32
DEVICES = {b"ho-1....": "ho", b"ho-2....": "ho", b"pun-1...": "pun", b"nag-1...": "nag", b"relay...": ""}
ID = rule_id(COMPANY, "ho", "pun", "stock")


def offer(at: int = 0, name: str = "stock", **fields: object) -> dict[str, Value]:
    plain = Offer(source="ho", target="pun", name=name, sends=("masters/**",), receives=(), at=at)
    return msgspec.structs.replace(plain, **fields).register()


Saved = tuple[bytes, dict[str, Value]]


def document_of(*saves: Saved, order: list[int] | None = None) -> Document:
    """A rule saved by devices one after the other, each knowing all before; taken in in some order."""
    document, numbers = Document("control/rules", KIND, ID), count(1)
    parents: tuple[bytes, ...] = ()
    packed = []
    for author, values in saves:
        save_id = next(numbers).to_bytes(16, "big")
        packed.append((save_id, author, int.from_bytes(save_id[-2:], "big"), pack_save(values, parents, "asha")))
        parents = (save_id,)
    for at in order if order is not None else range(len(packed)):
        document.add(*packed[at])
    return document


def read(document: Document) -> Rule | None:
    return read_rule(document, COMPANY, lambda author: DEVICES.get(author, ""))


def yes(value: dict[str, Value]) -> dict[str, Value]:
    return {ANSWER: Answer(active=offer_hash(value)).register()}


def test_an_offer_is_offered_until_it_is_answered():
    rule = read(document_of((b"ho-1....", {OFFER: offer()})))
    assert rule is not None
    assert (rule.state, rule.waits_for_answer, rule.active, rule.branches) == ("offered", True, None, ("ho", "pun"))
    rule = read(document_of((b"ho-1....", {OFFER: offer()}), (b"pun-1...", yes(offer()))))
    assert rule is not None
    assert (rule.state, rule.waits_for_answer) == ("active", False)


def test_the_life_of_a_rule_with_a_change_that_is_turned_down():
    first, second = offer(1), offer(2, sends=("**",))
    saves: list[Saved] = [(b"ho-1....", {OFFER: first}), (b"pun-1...", yes(first)), (b"ho-2....", {OFFER: second})]
    changed = read(document_of(*saves))
    assert changed is not None
    assert changed.active is not None
    assert (changed.state, changed.waits_for_answer, changed.active.sends) == ("active", True, ("masters/**",))
    no = Answer(active=offer_hash(first), rejected=offer_hash(second), reason="too much").register()
    refused = read(document_of(*saves, (b"pun-1...", {ANSWER: no})))
    assert refused is not None
    assert (refused.state, refused.waits_for_answer, refused.answer.reason) == ("active", False, "too much")
    end = read(document_of(*saves, (b"pun-1...", {ANSWER: Answer(rejected=offer_hash(second)).register()})))
    assert end is not None
    assert end.state == "rejected"


@pytest.mark.parametrize("author", [b"ho-1....", b"nag-1...", b"relay...", b"nobody.."])
def test_nobody_answers_for_the_branch_that_was_asked(author):
    rule = read(document_of((b"ho-1....", {OFFER: offer()}), (author, yes(offer()))))
    assert rule is not None
    assert rule.state == "offered"


@pytest.mark.parametrize("author", [b"pun-1...", b"nag-1...", b"relay..."])
def test_nobody_offers_for_another_branch(author):
    assert read(document_of((author, {OFFER: offer()}))) is None


def test_each_branch_says_for_itself_when_it_pauses_since_when_and_how_often():
    said: dict[str, Value] = {
        PAUSED + "pun": True, SINCE + "pun": "2026-05", EVERY + "pun": 15,
        PAUSED + "ho": True, SINCE + "ho": "2026-09", EVERY + "ho": "manual", PAUSED + "nag": True,
    }  # fmt: skip
    rule = read(document_of((b"ho-1....", {OFFER: offer(since="2026-04")}), (b"pun-1...", said)))
    assert rule is not None
    assert (rule.paused, rule.since, rule.every) == (("pun",), {"pun": "2026-05"}, {"pun": 15})
    assert (rule.since_of(rule.offer), rule.every_of("pun"), rule.every_of("ho")) == ("2026-05", 15, "continuous")


@pytest.mark.parametrize(
    "odd",
    [
        None, 7, "text", [], {}, {"source": "ho"}, offer(since="soon"), offer(target="ho"), offer(name="other"),
        {**offer(), "sends": ["masters/**"] * 300}, {**offer(), "every": 0}, {**offer(), "every": "often"},
    ],
)  # fmt: skip
def test_an_offer_that_cannot_be_read_or_is_for_other_branches_counts_for_nothing(odd):
    assert read(document_of((b"ho-1....", {OFFER: odd}))) is None
    rule = read(document_of((b"ho-1....", {OFFER: offer()}), (b"ho-1....", {OFFER: odd})))
    assert rule is not None
    assert rule.offer == Offer(source="ho", target="pun", name="stock", sends=("masters/**",), receives=())


def test_fields_of_a_newer_version_are_no_reason_to_misunderstand_an_offer():
    newer: dict[str, Value] = {**offer(), "colour": "green"}
    rule = read(document_of((b"ho-1....", {OFFER: newer}), (b"pun-1...", yes(newer))))
    assert rule is not None
    assert rule.state == "active"


@given(st.permutations(range(5)), st.booleans())
def test_a_rule_is_the_same_in_whatever_order_its_saves_come(order, twice):
    first, second = offer(1), offer(2, sends=("**",))
    saves: list[Saved] = [
        (b"ho-1....", {OFFER: first}),
        (b"pun-1...", yes(first)),
        (b"nag-1...", {OFFER: offer(9, sends=()), PAUSED + "ho": True}),
        (b"ho-2....", {OFFER: second}),
        (b"pun-1...", {PAUSED + "pun": True, **yes(second)}),
    ]
    assert read(document_of(*saves, order=[*order, *(order if twice else ())])) == read(document_of(*saves))
