"""What registers held, as JSON with names for ids, and as a few words in a sentence."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crdt_models.errors import BadValue
from crdt_models.packing import Value
from crdt_models.transfers import KIND as TRANSFER
from crdt_models.transfers import LEGS
from crdt_models.vouchers import KIND as VOUCHER
from crdt_models.vouchers import posting_from
from khata.log.rule_words import is_of_rule, rule_said
from khata.naming import Names
from khata.showing import shown
from khata.voucher_form import form_of
from p2p.scope import KEYS_KIND

POSTING: Final = "posting"
NOTHING: Final = "nothing"
_CHARS_MAX: Final = 120
_ROUTE: Final = {"from", "to", "carries"}

_LINE_FIELDS: Final = {"entries": "ledger", "stock": "item"}
"""The parts of a posting that are told line by line, and what names a line."""


class ReadNames(Names):
    """Names as one reading of the books finds them; how a master is spelled is looked up once."""

    def __init__(self, db: sqlite3.Connection, company: bytes) -> None:
        super().__init__(db, company)
        self._spelled: dict[tuple[str, bytes], str] = {}

    def spelled(self, kind: str, document: bytes) -> str:
        """How a reference is written where it can be read back."""
        known = self._spelled.get((kind, document))
        if known is None:
            known = self._spelled[kind, document] = super().spelled(kind, document)
        return known


def is_posting(kind: str, register: str) -> bool:
    """Whether a register holds a posting, with or without fields beside it."""
    return (kind == VOUCHER and register == POSTING) or (kind == TRANSFER and register in LEGS)


def logged(names: Names, kind: str, register: str, value: Value) -> Any:
    """A register's value as the log gives it in JSON.

    Args:
        kind: of the document.
        value: of any origin.
    """
    if value is None or isinstance(value, str | bool | int):
        # Most registers, and most of what was before: nothing in these could be a reference.
        return value
    if kind == KEYS_KIND and isinstance(value, dict):
        # Which subtrees there were keys for; the sealed keys themselves say nothing to anybody else.
        return sorted(value)
    if kind == TRANSFER and register in LEGS and isinstance(value, dict):
        try:
            posting = form_of(names, posting_from(value.get(POSTING)))
        except BadValue:
            return shown(names, kind, register, value)
        return {**{key: held for key, held in value.items() if key != POSTING}, **posting}
    return shown(names, kind, register, value)


def said(value: Any) -> str:
    """A value in a sentence: text in quotes, a posting as its lines, nothing as "nothing"."""
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _short(f"'{value}'")
    if isinstance(value, dict) and value.keys() == _ROUTE:
        return f"{value['carries']} from {value['from']} to {value['to']}"
    if isinstance(value, dict) and is_of_rule(value):
        return _short(rule_said(value))
    if isinstance(value, dict) and any(isinstance(value.get(part), list) for part in _LINE_FIELDS):
        return posting_said(value)
    return _short(json.dumps(value, ensure_ascii=False, sort_keys=True))


def posting_said(form: Mapping[str, Any]) -> str:
    """A posting in a sentence: its date, and its lines."""
    lines = [line for part in _LINE_FIELDS for line in _lines_said(form, part)]
    narration = f", narration {said(form['narration'])}" if form.get("narration") else ""
    return f"{form.get('date', '')} {', '.join(lines) or NOTHING}{narration}".strip()


def _lines_said(form: Mapping[str, Any], part: str) -> list[str]:
    return [f"{name} {' + '.join(amounts)}" for name, amounts in _by_name(form, part).items()]


def difference_said(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What makes one posting of another: fields, then the lines that differ."""
    told = [
        f"{field.replace('_', ' ')} {said(before.get(field))} -> {said(after.get(field))}"
        for field in sorted(before.keys() | after.keys())
        if field not in _LINE_FIELDS and field != "extra" and before.get(field) != after.get(field)
    ]
    told += [_lines_difference(before, after, part) for part in _LINE_FIELDS]
    if before.get("extra") != after.get("extra"):
        told.append("what an import keeps beside")
    return "; ".join(text for text in told if text)


def _lines_difference(before: Mapping[str, Any], after: Mapping[str, Any], part: str) -> str:
    if before.get(part) == after.get(part):
        return ""
    old, new = _by_name(before, part), _by_name(after, part)
    told = [
        f"{name} {' + '.join(old.get(name, [NOTHING]))} -> {' + '.join(new.get(name, [NOTHING]))}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
    return f"{part} {', '.join(told) or 'in detail (allocations or order)'}"


def _by_name(form: Mapping[str, Any], part: str) -> dict[str, list[str]]:
    """The amounts of each ledger, or quantities and amounts of each item, in the order of the lines."""
    lines = form.get(part)
    found: dict[str, list[str]] = {}
    for line in lines if isinstance(lines, Sequence) and not isinstance(lines, str) else ():
        if isinstance(line, dict):
            words = (line.get("quantity"), line.get("unit"), line.get("amount"))
            text = " ".join(str(word) for word in words if word) or NOTHING
            found.setdefault(str(line.get(_LINE_FIELDS[part], "")), []).append(text)
    return found


def _short(text: str) -> str:
    return text if len(text) <= _CHARS_MAX else f"{text[: _CHARS_MAX - 1]}…"
