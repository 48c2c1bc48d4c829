"""A rule that is paused and goes on while commits are under way: nothing is left out for the rest of a conversation."""

import random

import pytest

from crdt_models.rules import PAUSED
from p2p.events import Event, Received
from p2p.messages import SHARE
from p2p.replica import Replica
from p2p.rule_deeds import save_rule
from p2p.rules import rules_in
from tests.p2p.copies import NOW, Line, branch_of, head_office, save

SALES = "vouchers/ho/sales/2026-04"


class Telling(Line):
    """A line that tells a copy under which share commits were sent, as a node does."""

    def _handle(self, side: int, events: list[Event]) -> None:
        replica, session = self.ends[side], self.sessions[side]
        for event in events:
            if isinstance(event, Received):
                assert session.peer is not None
                share = replica.view(SHARE, session.peer).share
                checked = replica.check_untrusted(event.commits)
                result = replica.ingest_from(checked, session.peer, share, NOW, event.share or None)
                super()._handle(side, session.stored(result.gained, result.refused, result.held_back, result.lacking))
            else:
                super()._handle(side, [event])


def pause(replica: Replica, branch: str, paused: bool) -> None:
    (rule,) = rules_in(replica.documents, replica.chain)
    save_rule(replica, rule.id, {f"{PAUSED}{branch}": paused}, "asha", NOW)


@pytest.mark.parametrize("steps", range(4, 8))
@pytest.mark.parametrize("between", [1, 50])
def test_what_was_passed_over_while_a_rule_was_paused_comes_when_it_goes_on(steps, between):
    office = head_office()
    pune = branch_of(office, "Pune")
    for number in range(60):
        save(office, SALES, bytes([number]) * 16, narration=random.Random(number).randbytes(5000).hex())
    line = Telling(pune, office)
    for _ in range(steps):
        line.step()
    for paused in (True, False):
        pause(pune, "pun", paused)
        line.nudge()
        for _ in range(between):
            line.step()
    line.run()
    assert line.in_sync
    assert pune.store.count() == office.store.count()
