"""Setting what GST asks of masters: rates and HSN codes of items and ledgers, registrations of the company."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crdt_models.errors import BadValue
from crdt_models.masters import Company, GstRate, Ledger, Registration, StockItem, company_details_id, normalised
from crdt_models.money import Rate
from crdt_models.packing import Value
from crdt_models.registers import as_value
from crdt_models.vouchers import check_date
from khata.books import Books
from khata.entering_masters import SavedMaster, set_registers
from khata.errors import BooksError
from khata.gst.breakdown import KNOWN_RATES
from khata.gst.heads import CESS, CGST, IGST, SGST
from khata.gst.rates import TAXABILITIES, TAXABLE, Rates, levy_of
from khata.gst.split import PERCENT_E6
from khata.gst.states import checked_gstin, checked_state, state_code, state_name
from khata.naming import ID_PREFIX, MasterName
from khata.party_details import check_agree, checked_contacts
from khata.reading import read_master
from khata.reports.span import branch_code
from khata.years import checked_start
from p2p.scope import master_scope

REGISTERS: Final = {"stock-item": "gst", "ledger": "rates"}
_HSN_CHARS: Final = (4, 6, 8)


def set_rate(books: Books, kind: str, name: str, rate: GstRate, always: bool = True) -> SavedMaster:
    """Set how an item, or what is booked on a ledger, is taxed from a date on; other dates stay as they are.

    Args:
        kind: `stock-item` or `ledger`.
        always: another rate than was said for all dates may be set although there are vouchers already; their tax is
            then wrong, unless it was wrong before.

    Raises:
        NotFound, Ambiguous: the name means no such master, or several.
        BooksError: nothing was saved.
    """
    with books.writing():
        found = books.names.find_live(kind, name)
        document = books.replica.document(master_scope(kind), kind, found.document)
        assert document is not None
        master, _ = read_master(kind, document.fold().values)
        assert isinstance(master, StockItem | Ledger)
        before = master.gst if isinstance(master, StockItem) else master.rates
        known = {held.since: held for held in before}
        last = known.get(rate.since)
        if last is not None:
            # What is not said now stays as it was said for that date.
            rate = msgspec.structs.replace(
                rate, hsn=rate.hsn or last.hsn, description=rate.description or last.description
            )
        if last is not None and not rate.since and not always:
            _check_unused(books, kind, found, last, rate)
        after = tuple(held for _, held in sorted({**known, rate.since: rate}.items()))
        if after == before:
            return SavedMaster(found.document, found.name, None)
        return set_registers(books, kind, f"{ID_PREFIX}{found.document.hex()}", {REGISTERS[kind]: as_value(after)})


def _check_unused(books: Books, kind: str, found: MasterName, before: GstRate, after: GstRate) -> None:
    """Refuse another rate for dates on which something was already taxed at the one there is."""
    if (before.rates, before.taxability) == (after.rates, after.taxability):
        return
    table, column = ("stock_lines", "item") if kind == "stock-item" else ("entries", "ledger")
    used, first, last = books.db.execute(
        f"SELECT count(DISTINCT voucher), min(date), max(date) FROM {table} WHERE posted=1 AND {column}=?",
        (found.local,),
    ).fetchone()
    if used:
        raise BooksError(
            f"{found.name} stands in {used} {'voucher' if used == 1 else 'vouchers'} from {first} to {last}, whose tax "
            "another rate would make wrong; say with --since from which date it holds, or --always to correct the past"
        )


def rate_of(percent: str, cess: str, taxability: str, hsn: str, since: str, description: str = "") -> GstRate:
    """A rate as somebody wrote it: one percentage for CGST and SGST together, or for IGST.

    Raises:
        BooksError: a percentage, the taxability, the code or the date is none.
    """
    word = taxability or TAXABLE
    if word not in TAXABILITIES:
        raise BooksError(f"{taxability!r} is no taxability; there are {', '.join(TAXABILITIES)}")
    digits = hsn.replace(" ", "")
    if digits and not (digits.isascii() and digits.isdigit() and len(digits) in _HSN_CHARS):
        raise BooksError(f"{hsn!r} is not an HSN or SAC code; it has 4, 6 or 8 digits")
    try:
        if since:
            check_date(since)
        whole, more = Rate.parse(percent.removesuffix("%") or "0"), Rate.parse(cess.removesuffix("%") or "0")
    except BadValue as error:
        raise BooksError(str(error)) from error
    if not 0 <= whole.e6 <= PERCENT_E6:
        raise BooksError(f"{percent} is not a GST rate: it is a percentage from 0 to 100")
    if not 0 <= more.e6 <= 10 * PERCENT_E6:
        raise BooksError(f"{cess} is not a rate of cess: it is a percentage from 0 to 1000")
    rates: dict[str, str] = {}
    if whole:
        half = Rate.parse(_half(whole))
        rates = {CGST: half.text, SGST: half.text, IGST: whole.text}
    if more:
        rates[CESS] = more.text
    return GstRate(since=since, hsn=digits, description=description, taxability=word, rates=rates)


def is_usual(rate: GstRate) -> bool:
    """Whether it is one of the rates that notifications have named."""
    levy = levy_of(dict(rate.rates))
    return levy is None or levy.rate in KNOWN_RATES


def _half(rate: Rate) -> str:
    half, odd = divmod(rate.e6, 2)
    if odd:
        raise BooksError(f"{rate.text} percent cannot be halved exactly; give it with fewer decimals")
    return Rate.from_e6(half).text


def company_details(books: Books) -> dict[str, Any]:
    """The company's details, and the registration of each branch: its own, or the company's."""
    document = books.replica.document(master_scope("company"), "company", company_details_id(books.company))
    company, _ = read_master("company", document.fold().values if document is not None else {})
    assert isinstance(company, Company)
    details = {
        field: getattr(company, field)
        for field in ("name", "mailing_name", "state", "country", "pincode", "phone", "email", "gstin", "pan")
    }
    branches = []
    for code, branch in sorted(books.replica.chain.branches.items()):
        own = company.registrations.get(code)
        gstin = own.gstin if own is not None else company.gstin
        state = own.state if own is not None else company.state
        branches.append({
            "code": code, "name": branch.name, "gstin": gstin, "state": state or state_name(state_code(gstin)),
            "own": own is not None,
        })  # fmt: skip
    return {
        **details,
        "address": list(company.address),
        "books_from": company.books_from,
        "year_starts": company.year_starts,
        "branches": branches,
    }


def set_company(books: Books, given: Mapping[str, Any], branch: str = "") -> SavedMaster:
    """Set details of the company, or the registration of one branch.

    Args:
        given: fields by name; None for what was not said.
        branch: a code or name; then only `gstin` and `state` can be set, and empty both give the branch the company's.

    Raises:
        BooksError, NotFound: nothing was saved.
    """
    said: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if not said:
        raise BooksError("say what to set, such as --state Maharashtra or --gstin 27AAPFU0939F1ZV")
    for field, checked in (("gstin", checked_gstin), ("state", checked_state), ("year_starts", checked_start)):
        if field in said:
            said[field] = checked(said[field])
    check_agree(said.get("gstin", ""), said.get("state", ""))
    with books.writing():
        if not branch:
            said |= _checked_said(books, said)
        which = f"{ID_PREFIX}{company_details_id(books.company).hex()}"
        return set_registers(books, "company", which, _registration(books, said, branch) if branch else said)


def _checked_said(books: Books, said: Mapping[str, Any]) -> dict[str, Any]:
    """What has a form of its own among the details, and the State that the company's GSTIN says."""
    row = books.db.execute("SELECT country, gstin, state, pan FROM companies WHERE present ORDER BY document LIMIT 1")
    country, gstin, state, pan = (text or "" for text in row.fetchone() or ("",) * 4)
    found = checked_contacts(said, said.get("country", country))
    if said.get("books_from"):
        _check_begin(said["books_from"])
    if said.get("gstin") and "state" not in said:
        found["state"] = state_name(state_code(said["gstin"]))
    if said.keys() & {"gstin", "state", "pan"}:
        after = {"gstin": gstin, "state": state, "pan": pan, **said, **found}
        check_agree(after["gstin"], after["state"], after["pan"])
    return found


def _check_begin(date: str) -> None:
    try:
        check_date(date)
    except BadValue as error:
        raise BooksError(str(error)) from error


def _registration(books: Books, said: Mapping[str, Any], branch: str) -> dict[str, Value]:
    others = sorted(said.keys() - {"gstin", "state"})
    if others:
        raise BooksError(f"{', '.join(others)} is the company's and not a branch's; leave out --branch")
    code = branch_code(books, branch)
    document = books.replica.document(master_scope("company"), "company", company_details_id(books.company))
    company, _ = read_master("company", document.fold().values if document is not None else {})
    assert isinstance(company, Company)
    before = company.registrations.get(code, Registration())
    gstin = said.get("gstin", before.gstin)
    state = said.get("state", state_name(state_code(gstin)) if gstin else before.state)
    check_agree(gstin, state)
    registrations = {**company.registrations, code: Registration(gstin=gstin, state=state)}
    if not gstin and not state:
        del registrations[code]
    return {"registrations": as_value(registrations)}


def list_rates(books: Books, kind: str) -> list[dict[str, str]]:
    """The rates of all live items or ledgers that have any, by name and date.

    Args:
        kind: `stock-item` or `ledger`.
    """
    rates = Rates(books)
    since = books.db.execute("SELECT DISTINCT master, since FROM gst_rates WHERE kind=?", (kind,)).fetchall()
    masters = books.names.masters(kind)
    found = []
    for master, date in since:
        if not masters[master].live:
            continue
        taxed = rates.on(kind, master, date)
        levy = taxed.levy
        found.append({
            "name": masters[master].name,
            "id": masters[master].document.hex(),
            "since": date,
            "hsn": taxed.hsn,
            "rate": "" if levy is None else Rate.from_e6(levy.rate).text,
            "cess": "" if levy is None or not levy.cess else Rate.from_e6(levy.cess).text,
            "taxability": taxed.taxability,
        })  # fmt: skip
    return sorted(found, key=lambda row: (normalised(row["name"]), row["id"], row["since"]))
