"""What a person decided about being in touch is remembered, and what happened is kept for a while."""

from pathlib import Path

from p2p.contact import EVENTS_KEPT_MAX, Contact, Event
from p2p.store import Store

PUNE, NAGPUR = b"p" * 32, b"n" * 32


def test_what_was_decided_outlives_the_process(tmp_path):
    store = Store.open(tmp_path / "one.db")
    Contact(store).pause([PUNE, NAGPUR, PUNE])
    Contact(store).work_offline(True)
    store.close()
    contact = Contact(Store.open(tmp_path / "one.db"))
    assert (contact.paused(), contact.is_offline) == (frozenset((PUNE, NAGPUR)), True)
    contact.resume([PUNE])
    contact.work_offline(False)
    assert (contact.paused(), contact.is_offline) == (frozenset((NAGPUR,)), False)
    assert contact.refusal(PUNE) is None
    assert contact.refusal(NAGPUR) is not None


def test_the_latest_events_are_kept_and_what_is_said_again_is_kept_once():
    contact = Contact(Store.open(Path(":memory:")))
    contact.note(Event(at, "unreachable", "Pune", "nobody listens") for at in range(5))
    assert contact.events(10) == [Event(0, "unreachable", "Pune", "nobody listens")]
    contact.note(Event(at, "connected", "Pune", f"number {at}") for at in range(EVENTS_KEPT_MAX + 50))
    kept = contact.events(2 * EVENTS_KEPT_MAX)
    assert len(kept) == EVENTS_KEPT_MAX
    assert kept[-1].text == f"number {EVENTS_KEPT_MAX + 49}"
    assert contact.events(2) == kept[-2:]
