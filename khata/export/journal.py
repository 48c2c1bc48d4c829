"""A journal that hledger and ledger both read: openings, vouchers, and at its end an assertion of every balance."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from crdt_models.money import Amount
from khata.books import Books
from khata.export.dialects import Dialect, write_in
from khata.export.journal_figures import Figures
from khata.export.journal_text import account_part, code, description, remark, symbol
from khata.export.journal_vouchers import JournalVoucher
from khata.export.out_file import Step, no_step
from khata.reports.span import Span

Json = dict[str, Any]

FIRST_DATE: Final = "1400-01-01"
"""Ledger knows no earlier day."""

_TAGS: Final = ("id", "type", "name", "branch", "leg", "reference", "forex", "dated")


def write_journal(books: Books, out: BinaryIO, span: Span, step: Step = no_step) -> Json:
    """Write the journal of a span; see `dialects.write_in`."""
    return write_in(_DIALECT, books, out, span, currency_of(books), step)


def currency_of(books: Books) -> str:
    """The company's currency as journals write it."""
    row = books.db.execute(
        "SELECT u.code, u.formal_name, u.name FROM companies c JOIN currencies u ON u.id=c.currency "
        "WHERE c.present ORDER BY c.document LIMIT 1"
    ).fetchone()
    return symbol(*(row or ()))


def _head(books: Books, stated: Figures, currency: str) -> Iterator[str]:
    yield f"; {remark(books.company_name)}, company {books.company.hex()}\n"
    yield "; Debit is positive, credit negative. The last transaction asserts every balance of the trial balance.\n\n"
    yield from (f"tag {tag}\n" for tag in _TAGS)
    yield f"\ncommodity {currency}\n    format 1000.{'0' * stated.places} {currency}\n\n"
    for account in stated.accounts:
        yield f"account {account.name}\n"
        if account.id:
            yield f"    ; id: {account.id}\n"
        if not account.name.endswith(account.title):
            yield f"    ; name: {remark(account.title)}\n"


def _openings(stated: Figures, currency: str) -> Iterator[str]:
    opened = [account for account in stated.accounts if account.opening]
    if opened:
        yield f"\n{_dated(stated.since)} Opening balances\n"
        yield from (f"    {account.name}  {Amount(account.opening).text} {currency}\n" for account in opened)


def _closings(stated: Figures, currency: str) -> Iterator[str]:
    if stated.accounts:
        yield f"\n{_dated(stated.until)} Closing balances\n"
        for account in stated.accounts:
            yield f"    {account.name}  0.00 {currency} = {Amount(account.closing).text} {currency}\n"


def _voucher(voucher: JournalVoucher, names: dict[int, str], currency: str) -> Iterator[str]:
    number = code(voucher.number)
    said = description(voucher.party or voucher.type, voucher.narration, bool(number))
    # Without entries it moves nothing, and is no transaction: it stands as a remark.
    sign = "" if voucher.lines else "; "
    yield f"\n{sign}{_dated(voucher.date)} {number}{said}\n    ; id: {voucher.id}\n"
    if voucher.date < FIRST_DATE:
        yield f"    ; dated: {voucher.date}\n"
    for tag, text in (
        ("type", voucher.type),
        ("branch", voucher.branch),
        ("leg", voucher.leg),
        ("reference", voucher.reference),
    ):
        if text:
            yield f"    ; {tag}: {remark(text)}\n"
    for line in voucher.lines:
        yield f"    {names[line.ledger]}  {Amount(line.amount).text} {currency}\n"
        if line.foreign:
            yield f"    ; forex: {remark(line.foreign)}\n"


def _dated(date: str) -> str:
    return max(date, FIRST_DATE)


_DIALECT: Final = Dialect(account_part, _head, _openings, _voucher, _closings)
