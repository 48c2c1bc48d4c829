"""The sources of imports as people call them, and settling at once what two of them brought twice."""

from typing import Final, NamedTuple

from crdt_models.masters import Company, company_details_id
from khata.accepting import acceptances
from khata.books import Books
from khata.duplicates import Duplicate, possible_duplicates
from khata.entering import cancel
from khata.errors import Ambiguous, NotFound
from khata.problem import Problem
from khata.reading import read_master
from khata.voucher_lookup import find_voucher
from p2p.scope import master_scope

POSSIBLE_DUPLICATE: Final = "possible-duplicate"
_LABEL_CHARS_MAX: Final = 40


class BroughtTwice(NamedTuple):
    """A voucher of a source that may be here from elsewhere as well; `document` and `other` are ids in hex."""

    type: str
    number: str
    date: str
    amount: str
    document: str
    other: str
    scope: str


def source_in_words(books: Books, binding: str) -> str:
    """What people call a source: the company it is of, and the device that imported it."""
    device, slash, label = binding.partition("/")
    try:
        known = books.replica.chain.members.get(bytes.fromhex(device)) if slash else None
    except ValueError:
        known = None
    if known is None:
        return repr(binding)
    name = _company_name(books, binding) or label
    return f"{name[:_LABEL_CHARS_MAX]!r} at {known.name}"


def _company_name(books: Books, binding: str) -> str:
    """The Tally company that a source is, where an import has noted it."""
    document = books.replica.document(master_scope(Company.KIND), Company.KIND, company_details_id(books.company))
    if document is None:
        return ""
    master, _ = read_master(Company.KIND, document.fold().values)
    return str(master.sources.get(binding, {}).get("name", "")) if isinstance(master, Company) else ""


def find_source(books: Books, text: str) -> str:
    """The source that a person means: its own name, or what it is called in problems.

    Raises:
        NotFound, Ambiguous: no source is called so, or several are; the message lists them.
    """
    rows = books.db.execute("SELECT DISTINCT binding FROM voucher_sources ORDER BY binding")
    named: dict[str, str] = {binding: source_in_words(books, binding) for (binding,) in rows.fetchall()}
    wanted = text.strip().casefold()
    found = [binding for binding, words in named.items() if wanted in (binding.casefold(), words.casefold())]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{words}: {binding}" for binding, words in named.items())
    if found:
        raise Ambiguous(f"{len(found)} sources are called {text!r}; name one as it stands behind: {listed}")
    raise NotFound(f"nothing was imported from {text!r}; there are {listed or 'no imports at all'}")


def brought_twice(books: Books, source: str) -> list[BroughtTwice]:
    """The vouchers of a source that may be here from elsewhere as well, by date and number.

    Args:
        source: as `find_source` gives it.

    Cost: see `possible_duplicates`.
    """
    accepted = acceptances(books)
    found: dict[str, BroughtTwice] = {}
    for pair in possible_duplicates(books):
        for at, sources in enumerate(pair.sources):
            if source in sources and duplicate_id(pair) not in accepted:
                document, other = pair.documents[at].hex(), pair.documents[1 - at].hex()
                scope = books.document(pair.rows[at]).scope
                found.setdefault(
                    document, BroughtTwice(pair.type, pair.number, pair.date, pair.amount, document, other, scope)
                )
    return list(found.values())


def duplicate_id(pair: Duplicate) -> str:
    """The id of the problem that a pair is."""
    return Problem(POSSIBLE_DUPLICATE, tuple(sorted(document.hex() for document in pair.documents)), "").id


def settle_imported(books: Books, source: str) -> list[BroughtTwice]:
    """Cancel every voucher of a source that is here from elsewhere as well; returns them.

    Raises:
        BooksError: one of them is in a locked period; nothing was saved.
    """
    with books.writing():
        twice = brought_twice(books, source)
        for one in twice:
            cancel(books, find_voucher(books.db, books.names, f"{one.scope}/{one.document}"))
        return twice
