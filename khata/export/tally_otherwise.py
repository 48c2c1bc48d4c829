"""What Tally keeps in another way than these books or has no place for, as sentences for who exports."""

from collections.abc import Iterator
from typing import Final

from crdt_models.masters import Company, company_details_id
from khata.books import Books
from khata.reading import read_master
from khata.reports.span import Span
from p2p.scope import master_scope

_SCOPE: Final = master_scope(Company.KIND)
_DETAILS: Final = {
    "mailing_name": "mailing name", "address": "address", "pincode": "pincode", "country": "country", "phone": "phone",
    "email": "e-mail", "pan": "PAN",
}  # fmt: skip
"""The company's details that Tally asks for when a company is made, and takes from no file."""


def otherwise(books: Books, span: Span, journals: int, has_masters: bool, has_vouchers: bool) -> list[str]:
    """The sentences about one file.

    Args:
        journals: how many stock journals stand in it for goods between branches.
    """
    found: list[str] = []
    if has_vouchers:
        found += [*_branches(books, span), *_goods(journals)]
    if has_masters:
        found += _company(books)
    return found


def _branches(books: Books, span: Span) -> Iterator[str]:
    condition, values = span.condition(books, "v.date", "v.branch")
    rows = books.db.execute(
        f"SELECT b.code, count(*) FROM vouchers v JOIN branches b ON b.id=v.branch WHERE {condition} "
        "GROUP BY b.code ORDER BY b.code",
        values,
    ).fetchall()
    if len(rows) > 1:
        counted = ", ".join(f"{_branch(books, code)} {count}" for code, count in rows)
        yield f"Tally's company has no branches: the vouchers of all stand together ({counted})"


def _branch(books: Books, code: str) -> str:
    branch = books.replica.chain.branches.get(code)
    return code if branch is None else branch.name


def _goods(journals: int) -> Iterator[str]:
    if journals:
        what = "1 stock journal was" if journals == 1 else f"{journals} stock journals were"
        yield (
            f"goods between branches: {what} added that move them at what they cost; the vouchers of the transfers "
            "leave with their accounts alone, because at the transfer's price the stock would be worth more or less"
        )


def _company(books: Books) -> Iterator[str]:
    document = books.replica.document(_SCOPE, Company.KIND, company_details_id(books.company))
    company = None if document is None else read_master(Company.KIND, document.fold().values)[0]
    if not isinstance(company, Company):
        return
    numbers = [f"GSTIN {company.gstin}"] if company.gstin else []
    numbers += [
        f"{of.gstin or 'no GSTIN'} of {_branch(books, code)}" + (f" ({of.state})" if of.state else "")
        for code, of in sorted(company.registrations.items())
    ]
    if numbers:
        count = "1 GST registration is" if len(numbers) == 1 else f"{len(numbers)} GST registrations are"
        yield f"{count} not in the file; enter in Tally's company: {', '.join(numbers)}"
    details = [label for field, label in _DETAILS.items() if getattr(company, field)]
    if details:
        yield f"not in the file, because Tally keeps them with its company: {', '.join(details)}"
