"""How long a conversation waits: for a proof, for a word, before it says one itself. All in milliseconds."""

from typing import Final

from p2p.limits import INTRODUCTION_SECONDS_MAX, PROOF_SECONDS_MAX
from p2p.states import State

PING_AFTER_MS: Final = 30_000
SILENCE_MS_MAX: Final = 90_000

LIMITED_SECONDS: Final = {
    State.AWAIT_CHALLENGE: PROOF_SECONDS_MAX,
    State.AWAIT_PROOF: PROOF_SECONDS_MAX,
    State.AWAIT_CHAIN: INTRODUCTION_SECONDS_MAX,
}
"""How long, from the start, a conversation may stay where the other side is not known yet."""


def deadline(state: State, began: int, heard: int, spoke: int) -> int:
    """When a conversation has to do something if nothing else happens before.

    Args:
        began: when it began.
        heard: when the other side was last heard.
        spoke: when something was last sent.
    """
    if state in LIMITED_SECONDS:
        return began + LIMITED_SECONDS[state] * 1000
    if state is not State.OPEN:
        return heard + SILENCE_MS_MAX
    return min(spoke + PING_AFTER_MS, heard + SILENCE_MS_MAX)


def overdue(state: State, began: int, heard: int, now: int) -> str | None:
    """Why a conversation is to be ended because nothing came, or None."""
    seconds = LIMITED_SECONDS.get(state)
    if seconds is not None and now >= began + seconds * 1000:
        return f"no proof of who is there came within {seconds} seconds"
    if now >= heard + SILENCE_MS_MAX:
        return f"the peer has said nothing for {SILENCE_MS_MAX // 1000} seconds"
    return None
