"""A peer that holds less than it had proved to hold: it runs from an older copy, or has dropped something.

What a copy holds only grows, so under one share the number of shared commits never falls. It is no attack in itself,
since a relay may be restored from yesterday's backup; the comparison that follows sends it again what it lacks.
"""

from p2p.links import Links
from p2p.messages import CONTROL, SHARE
from p2p.session import Session


def notice_forgotten(links: Links, session: Session) -> str:
    """A sentence about how much less a peer says it holds than it had proved; empty when it is no less.

    What it had proved before says nothing any more, so all of it waits for that peer until both agree again.
    """
    if session.peer is None or session.exchanges is None:
        return ""
    proved = links.proved_by(session.peer)
    if proved is None:
        return ""
    share, counts = proved
    missing = 0
    for tree, before in zip((CONTROL, SHARE), counts, strict=True):
        said = session.exchanges[tree].said
        if said is not None and (tree == CONTROL or said[0] == share):
            missing += max(0, before - said[1])
    if not missing:
        return ""
    links.unsettle(session.peer)
    return (
        f"it holds {missing} commits less than it had proved to hold: it runs from an older copy, or has dropped them; "
        "what it lacks is sent to it again"
    )


def note_proved(links: Links, session: Session) -> None:
    """Remember how much a peer has proved to hold, now that both are in sync."""
    if session.peer is not None and session.exchanges is not None:
        said = [session.exchanges[tree].said for tree in (CONTROL, SHARE)]
        control, share = (one[1] if one is not None else 0 for one in said)
        links.proved(session.peer, control, share)
