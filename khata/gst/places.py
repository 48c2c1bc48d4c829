"""Who supplies whom, and where: the company's registrations, the standing of a party, and the place of supply.

What a voucher says goes before what the party's ledger says. Where neither says a State, a sale over the counter (to
Cash or a bank) is made where the branch is; for a party of unknown State nothing is guessed.

A supply to a special economic zone or out of India is always from one State to another. It may carry IGST, or none
where the company exports under a bond or a letter of undertaking: both are taken as they stand. What is bought from
abroad is taxed at the customs and not by the seller, so nothing is expected there.
"""

from typing import Final, NamedTuple

from khata.books import Books
from khata.gst.states import ABROAD, state_code

REGULAR: Final = "regular"
COMPOSITION: Final = "composition"
UNREGISTERED: Final = "unregistered"
SEZ: Final = "sez"
OVERSEAS: Final = "overseas"
DEEMED_EXPORT: Final = "deemed-export"
REGISTRATION_TYPES: Final = (REGULAR, COMPOSITION, UNREGISTERED, SEZ, OVERSEAS, DEEMED_EXPORT)

_MONEY: Final = ("Cash-in-Hand", "Bank Accounts", "Bank OD A/c")
_INDIA: Final = ("", "india")


class Registration(NamedTuple):
    """A registration of the company: its GSTIN and the code of its State; empty where nobody has said it."""

    gstin: str = ""
    state: str = ""


class Party(NamedTuple):
    """The other side of a supply: its GSTIN, the code of its State, and one of `REGISTRATION_TYPES` or nothing."""

    gstin: str = ""
    state: str = ""
    registration: str = ""
    counter: bool = False


class Place(NamedTuple):
    """Where a supply comes from and where it is made, as codes of States; empty where that is not known.

    Attributes:
        special: `SEZ` or `OVERSEAS` for supplies to or from there; empty for others.
    """

    supplier: str
    supply: str
    special: str = ""

    @property
    def within(self) -> bool | None:
        """Whether both are in the same State; None where one of them is not known."""
        if self.special:
            return False
        if not self.supplier or not self.supply:
            return None
        return self.supplier == self.supply


class Registrations:
    """Under which registration each branch of the company stands."""

    def __init__(self, books: Books) -> None:
        row = books.db.execute(
            "SELECT gstin, state FROM companies WHERE present ORDER BY document LIMIT 1"
        ).fetchone() or ("", "")
        self.company = _registration(*row)
        self._own = {
            branch: _registration(gstin, state)
            for branch, gstin, state in books.db.execute("SELECT branch, gstin, state FROM registrations").fetchall()
        }

    def of(self, branch: str) -> Registration:
        """The registration of a branch by its code: its own, or the company's."""
        own = self._own.get(branch.casefold())
        return own if own is not None and own != Registration() else self.company


def _registration(gstin: str | None, state: str | None) -> Registration:
    return Registration((gstin or "").strip(), state_code(gstin or "") or state_code(state or ""))


class Parties:
    """The standing of every ledger that may be a party, as its master says."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._known: dict[int, Party] = {}
        self._money: set[int] | None = None

    def of(self, ledger: int | None) -> Party:
        """The party behind a ledger; the counter where there is none.

        Args:
            ledger: its local id; a merged one stands as the ledger it reads as.
        """
        if ledger is None:
            return Party(counter=True)
        known = self._known.get(ledger)
        if known is None:
            known = self._known[ledger] = self._read(self._books.names.effective("ledger", ledger))
        return known

    def _read(self, ledger: int) -> Party:
        gstin, registration, gst_state, state, country, group = self._books.db.execute(
            "SELECT gstin, gst_registration, gst_state, state, country, group_id FROM ledgers WHERE id=?", (ledger,)
        ).fetchone()
        gstin = (gstin or "").strip()
        kind = registration_type(registration or "")
        code = state_code(gst_state or "") or state_code(gstin) or state_code(state or "")
        if kind == OVERSEAS or (country or "").strip().casefold() not in _INDIA:
            kind, code = OVERSEAS, ABROAD
        return Party(gstin, code, kind, self._is_money(group))

    def _is_money(self, group: int | None) -> bool:
        if self._money is None:
            from khata.reports.chart import Chart

            self._money = Chart(self._books).predefined(*_MONEY)
        return group is not None and self._books.names.effective("group", group) in self._money


def registration_type(text: str) -> str:
    """Khata's word for a registration type as Tally or a person writes it; empty where it says nothing."""
    words = text.casefold().replace("-", " ")
    for token, word in (
        ("sez", SEZ),
        ("special economic", SEZ),
        ("deemed", DEEMED_EXPORT),
        ("overseas", OVERSEAS),
        ("import", OVERSEAS),
        ("composition", COMPOSITION),
        ("unregistered", UNREGISTERED),
        ("consumer", UNREGISTERED),
        ("regular", REGULAR),
    ):
        if token in words:
            return word
    return ""


def place_of(outward: bool, own: Registration, party: Party, said: str, gstin: str) -> Place:
    """Where a supply is made.

    Args:
        outward: the company supplies; else the party does.
        said: the place of supply that the voucher names, of any origin.
        gstin: the GSTIN of the party that the voucher names, of any origin.
    """
    theirs = state_code(gstin) or party.state or (own.state if party.counter else "")
    named = state_code(said)
    abroad = ABROAD in (named, theirs)
    special = OVERSEAS if abroad else SEZ if party.registration == SEZ else ""
    if outward:
        return Place(own.state, named or theirs, special)
    return Place(theirs, named or own.state, special)
