"""A beancount file: accounts opened with their real names beside them, vouchers, and a check of every balance.

Beancount's account names hold letters, digits and dashes only, so each carries the name people use and the ledger's id
as metadata. Every amount is compared exactly: the tolerance that beancount would infer is switched off.
"""

import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, BinaryIO, Final

from crdt_models.money import Amount
from khata.books import Books
from khata.export.dialects import Dialect, write_in
from khata.export.journal import currency_of
from khata.export.journal_figures import Figures
from khata.export.journal_text import one_line
from khata.export.journal_vouchers import JournalVoucher
from khata.export.out_file import Step, no_step
from khata.reports.span import Span

Json = dict[str, Any]

FIRST_DATE: Final = "1700-01-01"
LAST_DATE: Final = "2099-12-30"
"""Beancount reads the years 1700 to 2099, and balances are checked the day after the last voucher."""

_PART_CHARS_MAX: Final = 200
_NO_CAPITAL: Final = "X"
# A name must come out the same whatever version of Python spells it: tables of letters differ, these never change.
_LETTERS = unicodedata.ucd_3_2_0


def write_beancount(books: Books, out: BinaryIO, span: Span, step: Step = no_step) -> Json:
    """Write the beancount file of a span; see `dialects.write_in`."""
    return write_in(_DIALECT, books, out, span, currency_of(books), step)


def account_part(text: str) -> str:
    """One part of an account's name: a capital or a digit, then letters, digits and dashes, in any script."""
    kept = "".join(map(_kept, unicodedata.normalize("NFC", text)))
    words = "-".join(word for word in kept.split("-") if word)[:_PART_CHARS_MAX]
    first = words[:1].upper()
    if not first or _LETTERS.category(first[0]) not in ("Lu", "Nd"):
        return f"{_NO_CAPITAL}{words}"
    return first + words[1:]


def _kept(character: str) -> str:
    category = _LETTERS.category(character)
    if category[0] == "L" or category == "Nd":
        return character
    # Signs on letters of Indian scripts go without a trace; everything else parts two words.
    return "" if category[0] == "M" or category == "Cf" else "-"


def quoted(text: str) -> str:
    """A string as beancount reads it back."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    readable = "".join(
        character if unicodedata.category(character)[0] != "C" or character == "\n" else " " for character in text
    )
    escaped = readable.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _head(books: Books, stated: Figures, currency: str) -> Iterator[str]:
    yield f"; {one_line(books.company_name)}, company {books.company.hex()}\n"
    yield f'option "title" {quoted(one_line(books.company_name))}\n'
    yield f'option "operating_currency" "{currency}"\n'
    yield 'option "tolerance_multiplier" "0"\n\n'
    opened = _dated(stated.since)
    yield f"{opened} commodity {currency}\n"
    for account in stated.accounts:
        yield f"{opened} open {account.name} {currency}\n  name: {quoted(account.title)}\n"
        if account.id:
            yield f'  id: "{account.id}"\n'


def _openings(stated: Figures, currency: str) -> Iterator[str]:
    opened = [account for account in stated.accounts if account.opening]
    if opened:
        yield f'\n{_dated(stated.since)} * "Opening balances"\n'
        yield from (f"  {account.name}  {Amount(account.opening).text} {currency}\n" for account in opened)


def _closings(stated: Figures, currency: str) -> Iterator[str]:
    yield "\n"
    after = date.fromisoformat(_dated(stated.until)) + timedelta(days=1)
    for account in stated.accounts:
        yield f"{after} balance {account.name}  {Amount(account.closing).text} {currency}\n"


def _voucher(voucher: JournalVoucher, names: dict[int, str], currency: str) -> Iterator[str]:
    dated = _dated(voucher.date)
    yield f'\n{dated} * {quoted(voucher.party or voucher.type)} {quoted(voucher.narration)}\n  id: "{voucher.id}"\n'
    if dated != voucher.date:
        yield f'  dated: "{voucher.date}"\n'
    for key, text in (
        ("number", voucher.number),
        ("type", voucher.type),
        ("branch", voucher.branch),
        ("leg", voucher.leg),
        ("reference", voucher.reference),
    ):
        if text:
            yield f"  {key}: {quoted(text)}\n"
    for line in voucher.lines:
        yield f"  {names[line.ledger]}  {Amount(line.amount).text} {currency}\n"
        if line.foreign:
            yield f"    forex: {quoted(line.foreign)}\n"


def _dated(text: str) -> str:
    return min(max(text, FIRST_DATE), LAST_DATE)


_DIALECT: Final = Dialect(account_part, _head, _openings, _voucher, _closings)
