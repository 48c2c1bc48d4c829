"""Invitations that relays know of: the keeper lists the slots of its open ones, and answers the letters left there."""

from collections.abc import Mapping
from typing import Final

from crdt_models.packing import Value
from p2p.admission import Admitted, admit_by_letter, invitations
from p2p.device_notes import note_of, save_note
from p2p.identity import DeviceKeys
from p2p.invite import Standing
from p2p.letters import open_letter_untrusted
from p2p.limits import SLOTS_PER_COMPANY_MAX
from p2p.relay_admission import relays_of
from p2p.replica import Replica

SLOTS: Final = "slots"
"""In the keeper's note: the open invitations, each [slot id, when it expires], of which a relay takes letters."""

KEEPER_USER: Final = "keeper"


def list_slots(replica: Replica, now: int) -> bool:
    """As the keeper, tell the company's relays which invitations are open; whether anything was written.

    Where there is no relay nothing is listed.

    Args:
        now: ms since 1970.
    """
    if replica.chain.keeper != replica.keys.id:
        return False
    slots = open_slots(replica, now) if relays_of(replica) else {}
    listed: list[Value] = [[slot, expires] for slot, expires in sorted(slots.items())]
    if not listed and not note_of(replica, replica.keys.id).get(SLOTS):
        return False
    return save_note(replica, {SLOTS: listed}, KEEPER_USER, now) is not None


def open_slots(replica: Replica, now: int) -> dict[bytes, int]:
    """The open invitations made here: slot id and when it expires; the last to expire, where there are very many."""
    found = [(one.expires, one.slot) for one in invitations(replica) if one.standing(now) is Standing.OPEN]
    return {slot: expires for expires, slot in sorted(found)[-SLOTS_PER_COMPANY_MAX:]}


def listed_slots(replica: Replica, now: int) -> Mapping[bytes, int]:
    """The slots that the keeper of a company has listed and that have not expired, with when they do."""
    said = note_of(replica, replica.chain.keeper).get(SLOTS)
    slots: dict[bytes, int] = {}
    for item in said[:SLOTS_PER_COMPANY_MAX] if isinstance(said, list) else ():
        if isinstance(item, list) and len(item) == 2:
            slot, expires = item
            if isinstance(slot, bytes) and len(slot) == 16 and isinstance(expires, int) and expires > now:
                slots[slot] = expires
    return slots


def answer_letter(replica: Replica, slot: bytes, sealed: bytes, now: int) -> Admitted | bytes:
    """Admit the device that left a letter, or write why not.

    Args:
        sealed: as a relay handed it over.

    Returns:
        the device that was admitted, or a sealed refusal to leave for it.

    Raises:
        TicketError: the letter is nothing that can be answered; the invitation stays open.
        StoreError: nothing was written.
    """
    keys: DeviceKeys = replica.keys
    return admit_by_letter(replica, slot, open_letter_untrusted(keys, slot, sealed), now)
