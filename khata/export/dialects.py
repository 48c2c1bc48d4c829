"""What journals for different programs have in common: openings, the vouchers that count, every balance stated."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from khata.books import Books
from khata.export.journal_accounts import Spell
from khata.export.journal_figures import Figures, figures
from khata.export.journal_vouchers import JournalVoucher, posted_vouchers
from khata.export.out_file import Step
from khata.reports.span import Span

Json = dict[str, Any]


class Dialect(NamedTuple):
    """How one program writes a journal; each part gives text, line by line.

    Attributes:
        account_part: spells one part of an account's name.
        head: what stands before everything.
        openings: the transaction that the vouchers go on from.
        voucher: takes the names of accounts by local id of the ledger.
        closings: the assertions of every balance.
    """

    account_part: Spell
    head: Callable[[Books, Figures, str], Iterator[str]]
    openings: Callable[[Figures, str], Iterator[str]]
    voucher: Callable[[JournalVoucher, dict[int, str], str], Iterator[str]]
    closings: Callable[[Figures, str], Iterator[str]]


def write_in(dialect: Dialect, books: Books, out: BinaryIO, span: Span, currency: str, step: Step) -> Json:
    """Write the journal of a span; what came before it is in the openings.

    Returns:
        `counts` of vouchers and accounts, the `currency`, and `from` and `to`.

    Raises:
        BadValue, NotFound: see `Span.condition`.

    Cost: about 30 µs a voucher; memory for a thousand vouchers.
    """
    stated = figures(books, span, dialect.account_part)
    count = 0
    for part in (dialect.head(books, stated, currency), dialect.openings(stated, currency)):
        out.write("".join(part).encode())
    for voucher in posted_vouchers(books, span, step):
        count += 1
        out.write("".join(dialect.voucher(voucher, stated.names, currency)).encode())
    out.write("".join(dialect.closings(stated, currency)).encode())
    counts = {"vouchers": count, "accounts": len(stated.accounts)}
    return {"counts": counts, "currency": currency, "from": stated.since, "to": stated.until}
