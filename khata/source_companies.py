"""The Tally companies that these books were imported from, kept with the company's own details.

khata's company is not Tally's: its name and address stay as they were given here. What is kept is which company a
source is, so that an export names the one it goes back to; the State is taken over where none was given.
"""

from typing import Final, NamedTuple

from crdt_models.masters import SOURCE, Company, company_details_id
from crdt_models.packing import Value
from khata.books import Books
from khata.reading import read_master
from khata.tally.plan import FileTotals, ImportView, Plan, PlannedSave
from p2p.scope import master_scope

_SCOPE: Final = master_scope(Company.KIND)


class TallyCompany(NamedTuple):
    """A company of Tally as its exports tell of it; each may be empty."""

    guid: str
    name: str
    state: str


def note_companies(books: Books, view: ImportView, planned: Plan) -> None:
    """Plan to keep which Tally companies the files are of, where this device may write the company's details."""
    seq, _ = books.replica.chain.head
    if not books.replica.chain.may_write(books.replica.keys.author, _SCOPE, seq):
        return
    document = company_details_id(books.company)
    known = {totals.binding: totals for totals in planned.totals if totals.company_guid and totals.company}
    for binding, totals in sorted(known.items()):
        before = view.previous_import(Company.KIND, document, binding) or {}
        changes = _changes(books, totals)
        changes = {register: value for register, value in changes.items() if before.get(register) != value}
        if changes:
            planned.add(PlannedSave(Company.KIND, document, binding, changes, not view.exists(Company.KIND, document)))


def _changes(books: Books, totals: FileTotals) -> dict[str, Value]:
    found: dict[str, str] = {"guid": totals.company_guid, "name": totals.company, "state": totals.company_state}
    changes: dict[str, Value] = {SOURCE + totals.binding: {key: text for key, text in found.items() if text}}
    own = _company(books)
    if totals.company_state and own is not None and not own.state:
        changes["state"] = totals.company_state
    return changes


def tally_companies(books: Books) -> list[TallyCompany]:
    """The companies that imports were of, each once, by GUID."""
    own = _company(books)
    sources = own.sources.values() if own is not None else ()
    found = {
        source.get("guid", ""): TallyCompany(source.get("guid", ""), source.get("name", ""), source.get("state", ""))
        for source in sources
    }
    return [company for _, company in sorted(found.items())]


def _company(books: Books) -> Company | None:
    document = books.replica.document(_SCOPE, Company.KIND, company_details_id(books.company))
    if document is None:
        return None
    master, _ = read_master(Company.KIND, document.fold().values)
    return master if isinstance(master, Company) else None
