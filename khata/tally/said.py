"""What a file says of a master, as registers: nothing where it is silent."""

from typing import Any

from khata.tally import values
from khata.tally.elements import Fields
from khata.tally.parsed import Reference

Registers = dict[str, Any]


def parent_of(fields: Fields, kind: str, register: str = "parent") -> Registers:
    """The master that `PARENT` names, or None in the register for what stands under Primary.

    Tally marks its own Primary; files that passed through other programs have lost the mark, so an unmarked Primary
    only counts as a name where a master is really called so.
    """
    return reference(fields, "PARENT", kind, register)


def reference(fields: Fields, tag: str, kind: str, register: str) -> Registers:
    """The master of another kind that a field names; None in the register for "Not Applicable" and nothing."""
    if tag not in fields:
        return {}
    name = fields.own(tag)
    return {register: Reference(kind, name, optional=name in ("Primary", "Not Applicable")) if name else None}


def flag(fields: Fields, tag: str, register: str) -> Registers:
    """A yes or no."""
    return {register: values.is_yes(fields.raw(tag))} if fields.text(tag) else {}


def texts(fields: Fields, registers: dict[str, str]) -> Registers:
    """Text fields that hold something; `registers` maps a tag to its register."""
    return {register: fields.own(tag) for tag, register in registers.items() if fields.own(tag)}
