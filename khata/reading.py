"""Reading folded registers into masters and vouchers, whatever they hold.

What arrives from another copy has been merged already and cannot be refused any more: a register that holds something
it may not is passed over, everything else is read, and the faults are listed for a person.
"""

from collections.abc import Mapping
from typing import NamedTuple

from crdt_models.errors import BadValue
from crdt_models.folding import Folded
from crdt_models.masters import KINDS, SOURCE, Master
from crdt_models.money import Quantity, Rate, e4_of
from crdt_models.packing import Value
from crdt_models.vouchers import Posting, Unbalanced, check, posting_from

UNBALANCED = "unbalanced-posting"
IMPOSSIBLE = "impossible-posting"
BAD_REGISTER = "bad-register"


class Fault(NamedTuple):
    """Something about one document that a person should see: a problem code and a sentence."""

    code: str
    text: str


class ReadVoucher(NamedTuple):
    """A voucher as far as it can be read. `posting` is None when there is none; `sound` when it may be counted."""

    posting: Posting | None
    sound: bool
    number: str
    reference: str
    reference_date: str
    narration: str
    cancelled: bool
    optional: bool
    faults: tuple[Fault, ...]


def read_master(kind: str, values: Mapping[str, Value]) -> tuple[Master, tuple[Fault, ...]]:
    """The master that registers of any origin describe, without those registers that cannot be read.

    Args:
        kind: one of `masters.KINDS`.
    """
    struct = KINDS[kind]
    try:
        return struct.from_registers(values), ()
    except BadValue:
        pass
    good: dict[str, Value] = {}
    faults = []
    for register, value in sorted(values.items()):
        try:
            struct.from_registers({register: value})
        except BadValue as error:
            faults.append(_bad_register(register, error))
        else:
            good[register] = value
    return struct.from_registers(good), tuple(faults)


def read_voucher(values: Mapping[str, Value]) -> ReadVoucher:
    """The voucher that registers of any origin describe.

    Cost: about 10 microseconds for three entries, checks included.
    """
    faults: list[Fault] = []
    posting, sound = _read_posting(values.get("posting"), faults)
    get = values.get
    number, reference = get("number", ""), get("reference", "")
    reference_date, narration = get("reference_date", ""), get("narration", "")
    cancelled, optional = get("cancelled", False), get("optional", False)
    if not (
        isinstance(number, str)
        and isinstance(reference, str)
        and isinstance(reference_date, str)
        and isinstance(narration, str)
        and isinstance(cancelled, bool)
        and isinstance(optional, bool)
    ):
        return _repaired(posting, sound, values, faults)
    return ReadVoucher(posting, sound, number, reference, reference_date, narration, cancelled, optional, tuple(faults))


def _read_posting(value: Value, faults: list[Fault]) -> tuple[Posting | None, bool]:
    if value is None:
        faults.append(Fault(IMPOSSIBLE, "it has no posting"))
        return None, False
    try:
        posting = posting_from(value)
    except BadValue as error:
        faults.append(Fault(IMPOSSIBLE, f"its posting cannot be read: {error}"))
        return None, False
    try:
        check(posting)
    except Unbalanced as error:
        faults.append(Fault(UNBALANCED, str(error)))
    except BadValue as error:
        faults.append(Fault(IMPOSSIBLE, str(error)))
    else:
        return posting, True
    return posting, False


def _repaired(posting: Posting | None, sound: bool, values: Mapping[str, Value], faults: list[Fault]) -> ReadVoucher:
    """Read the registers beside the posting one by one, each at its blank where it holds something it may not."""

    def text(register: str) -> str:
        value = values.get(register, "")
        if isinstance(value, str):
            return value
        faults.append(_bad_register(register, BadValue(f"it holds a {type(value).__name__}, not text")))
        return ""

    def flag(register: str) -> bool:
        value = values.get(register, False)
        if isinstance(value, bool):
            return value
        faults.append(_bad_register(register, BadValue(f"it holds a {type(value).__name__}, not yes or no")))
        return False

    return ReadVoucher(
        posting,
        sound,
        text("number"),
        text("reference"),
        text("reference_date"),
        text("narration"),
        flag("cancelled"),
        flag("optional"),
        tuple(faults),
    )


def _bad_register(register: str, error: BadValue) -> Fault:
    return Fault(BAD_REGISTER, f"its register {register!r} is passed over: {error}")


def exact_e4(text: str) -> int | None:
    """The ten-thousandths of a canonical amount of any origin, or None when it is none."""
    try:
        return e4_of(text)
    except BadValue:
        return None


def exact_quantity(text: str | None) -> int | None:
    """The millionths of a quantity of any origin, or None when it is none."""
    if not text:
        return None
    try:
        return Quantity.parse(text).e6
    except BadValue:
        return None


def exact_rate(text: str) -> int | None:
    """The millionths of a rate of any origin, or None when it is none."""
    if not text:
        return None
    try:
        return Rate.parse(text).e6
    except BadValue:
        return None


def source_identities(values: Mapping[str, Value]) -> dict[str, str]:
    """By source binding, the identity under which an import's source knows a document, as far as it can be read."""
    found = {}
    for register, value in values.items():
        if register.startswith(SOURCE) and isinstance(value, dict):
            identity = value.get("guid")
            if isinstance(identity, str) and identity:
                found[register[len(SOURCE) :]] = identity
    return found


def cancelled_in_conflict(folded: Folded) -> bool:
    """Whether somebody cancelled: that is never undone, not even by a later edit that did not know of it."""
    return any(
        claim.value is True
        for conflict in folded.conflicts
        if conflict.register == "cancelled"
        for claim in conflict.claims
    )
