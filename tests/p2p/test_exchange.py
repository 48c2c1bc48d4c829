"""One tree at one of its two ends, told message by message what the other end says."""

import hashlib

from p2p.events import ComparedToEnd
from p2p.exchange import Exchange
from p2p.messages import SHARE, Answer, Ask, Message, Standing, Tree
from p2p.outflow import Outflow
from tests.p2p.copies import branch_of, head_office, save

LEDGERS = "masters/ledger"


def test_what_is_said_during_a_comparison_counts_more_than_what_it_began_with() -> None:
    office = head_office()
    pune = branch_of(office, "Pune")
    save(office, LEDGERS, hashlib.sha256(b"Cash").digest()[:16], name="Cash")
    said: list[Message] = []
    notes: list[ComparedToEnd] = []
    outflow = Outflow(office, pune.keys.id, said.append)
    exchange = Exchange(SHARE, office, pune.keys.id, said.append, notes.append, outflow)
    view = office.view(SHARE, pune.keys.id)
    mine, ledgers = view.digest(""), view.digest(LEDGERS)
    before, other = bytes(16), bytes([1]) * 16

    exchange.greeted(view.share.id, before, mine.size, False)
    exchange.step(False)
    assert Ask(SHARE, view.share.id, [""]) in said
    parts = [(LEDGERS, other, ledgers.size)]
    exchange.heard(Tree(SHARE, view.share.id, [Answer("", before, mine.size, parts=parts)]))
    # Meanwhile the other end has come to hold what we do, and has heard of us last when we held less.
    exchange.heard(Standing(SHARE, view.share.id, mine.short, mine.size, bytes([2]) * 16, True, False))
    listed = b"".join(id[:8] for id in view.ids(LEDGERS))
    exchange.heard(Tree(SHARE, view.share.id, [Answer(LEDGERS, other, ledgers.size, ids=listed)]))
    exchange.step(False)
    assert exchange.in_sync
