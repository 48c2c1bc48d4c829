"""One entry of the log as a sentence: who did what to which document, and what it changed."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crdt_models.saves import ORIGIN_INIT, ORIGIN_RESTORE, ORIGIN_SET_ASIDE, ORIGIN_SETTLE
from crdt_models.vouchers import KIND as VOUCHER
from khata.log.values import NOTHING, difference_said, is_posting, said
from khata.periods import ORIGIN_PUT_BACK
from p2p.scope import KEYS_KIND

Entry = Mapping[str, Any]

IMPORT: Final = "import:"
"""How the origin of a save begins that an import made; what follows names the source."""

ACCEPTED: Final = "accepted:"
"""How the registers begin that say of a problem, by its id, why somebody accepted it."""

CLOCK_MINUTES: Final = 10
"""By how much a clock has to be behind before a sentence says so."""

_FIRST_TOLD: Final = ("route", "posting", "dispatch", "receipt", "name")
"""The registers that a sentence begins with."""

_BY_ORIGIN: Final = {
    ORIGIN_SET_ASIDE: "set-aside",
    ORIGIN_INIT: "founded",
    ORIGIN_SETTLE: "settled",
    ORIGIN_PUT_BACK: "put-back",
}

_TOLD_BY_THE_VERB: Final = {
    "cancelled": ("cancelled",),
    "deleted": ("deleted",),
    "restored": ("deleted",),
    "merged": ("merged_into",),
    "unmerged": ("merged_into",),
}


def action_of(kind: str, origin: str, first: bool, changes: Mapping[str, tuple[Any, Any]]) -> str:
    """What a save did, in a word.

    Args:
        first: whether it began its document.
        changes: by register, what it held before and after.
    """
    if kind == KEYS_KIND:
        return "sealed"
    if origin in _BY_ORIGIN:
        return _BY_ORIGIN[origin]
    if origin.startswith(IMPORT):
        return "imported"
    return _by_register(changes) or ("entered" if first else "restored" if origin == ORIGIN_RESTORE else "altered")


def _by_register(changes: Mapping[str, tuple[Any, Any]]) -> str:
    if changes.get("cancelled", (None, None))[1] is True:
        return "cancelled"
    was_deleted, is_deleted = changes.get("deleted", (None, None))
    if is_deleted is True:
        return "deleted"
    if is_deleted is False and was_deleted is True:
        return "restored"
    was_merged, merged = changes.get("merged_into", (None, None))
    if merged is not None:
        return "merged"
    return "unmerged" if was_merged is not None else ""


def story(entry: Entry) -> str:
    """The sentence of a save: "Asha at Pune 1 altered Receipt PUN/26-27/00001: narration 'x' -> 'y'"."""
    details = "; ".join(_details(entry))
    if entry["kept_out"]:
        details += f"{'; ' if details else ''}kept out of the books, which are locked up to {entry['kept_out']}"
    did = f"{who(entry)}{behind_said(entry['clock_behind_ms'])} {_did(entry)}"
    return f"{did}: {details}" if details else did


def behind_said(behind_ms: int) -> str:
    """A remark about a clock that was behind; what clocks differ by anyway is none."""
    minutes = behind_ms // 60_000
    return f" (by a clock that was {minutes} minutes behind)" if minutes >= CLOCK_MINUTES else ""


def who(entry: Entry) -> str:
    """The person and the device, as far as they are known; what a keeper's device does by itself nobody did."""
    user = "" if entry.get("kind") == KEYS_KIND else entry["user"]
    return f"{user} at {entry['device']}" if user else str(entry["device"])


def _did(entry: Entry) -> str:
    action, first = entry["action"], entry["first"]
    what = subject(entry["kind"], entry["name"])
    if action == "sealed":
        return f"sealed content keys for {entry['name']}"
    if action == "imported":
        source = entry["origin"].removeprefix(IMPORT)
        return f"imported {what} from {source}" if first else f"altered {what} by importing from {source} again"
    if action == "merged":
        return f"merged {what} into {_after(entry, 'merged_into')}"
    return {
        "set-aside": f"saved a change of {what} that is set aside and counts nowhere",
        "founded": f"began the books with {what}",
        "restored": f"brought back {what}",
        "put-back": f"put back {what} as it stands in locked books",
        "unmerged": f"undid the merge of {what}",
    }.get(action, f"{action} {what}")


def subject(kind: str, name: str) -> str:
    """How a sentence names a document."""
    return name if kind == VOUCHER else f"{kind.replace('-', ' ')} {name}".strip()


def _after(entry: Entry, register: str) -> str:
    return next(str(change["after"]) for change in entry["changes"] if change["register"] == register)


def _details(entry: Entry) -> Iterator[str]:
    told = _TOLD_BY_THE_VERB.get(entry["action"], ())
    if entry["first"]:
        # A document is called by its own number or name, which need not be told again, unless that is another now.
        told += tuple(
            change["register"]
            for change in entry["changes"]
            if change["register"] in ("number", "name") and str(change["after"]) in entry["name"]
        )
    if not entry["changes"] and len(entry["parents"]) > 1:
        yield "knowing all that was saved apart"
    for change in sorted(entry["changes"], key=_rank):
        if entry["kind"] == KEYS_KIND or change["register"].startswith("source:"):
            continue
        if change["register"] not in told or change["settled"]:
            yield from filter(None, [_change_said(entry["kind"], change)])
        for claim in change["beside"]:
            yield f"now in conflict with {_claim(claim)}, which was not known there"
    for other in entry["apart"]:
        yield f"not knowing there that {who(other)} {other['did']} it ({minute(other['at'])})"


def _rank(change: Mapping[str, Any]) -> int:
    register = change["register"]
    return _FIRST_TOLD.index(register) if register in _FIRST_TOLD else len(_FIRST_TOLD)


def _change_said(kind: str, change: Mapping[str, Any]) -> str:
    register = change["register"].replace("_", " ")
    before, after, settled = change["before"], change["after"], change["settled"]
    if settled:
        chosen = next((claim for claim in settled if claim["value"] == after), None)
        choice = f"chose that of {who(chosen)}" if chosen else f"chose another, {said(after)}"
        return f"conflict of {register} between {' and '.join(_claim(claim) for claim in settled)}: {choice}"
    if change["register"].startswith(ACCEPTED):
        problem = change["register"].removeprefix(ACCEPTED).partition(":")[0]
        return f"accepted problem {problem} because {said(after)}" if after else f"took up problem {problem} again"
    if before == after:
        return f"{register} left as {said(after)}"
    if is_posting(kind, change["register"]) and isinstance(after, dict):
        told = difference_said(before, after) if isinstance(before, dict) else said(after)
        return told if kind == VOUCHER else f"{register} {told}"
    if said(before) == NOTHING:
        return "" if said(after) == NOTHING else f"{register} {said(after)}"
    return f"{register} {said(before)} -> {said(after)}"


def _claim(claim: Mapping[str, Any]) -> str:
    return f"{said(claim['value'])} of {who(claim)} ({minute(claim['at'])})"


def minute(at: str) -> str:
    """A time as people read it, to the minute (UTC)."""
    return at[:16].replace("T", " ")
