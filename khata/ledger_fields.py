"""From the options of `khata ledger add` and `alter` to the fields of a ledger."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from crdt_models.errors import BadValue
from khata.amounts import balance_of, check_decimals
from khata.books import Books
from khata.by_hand import currency_decimals
from khata.errors import BooksError
from khata.gst.heads import HEADS, head_of
from khata.gst.places import OVERSEAS, REGISTRATION_TYPES
from khata.gst.rates import percentage, rate_text
from khata.gst.states import checked_gstin, state_code, state_name
from khata.party_details import check_agree, checked_contacts, checked_place, is_india

_AS_THEY_ARE: Final = (
    *("name", "opening", "bill_wise", "cost_centres", "aliases", "phone", "email", "pan", "address", "country"),
)


def ledger_fields(books: Books, given: Mapping[str, Any], ledger: str = "") -> dict[str, Any]:
    """The fields that were said something about, and the State and PAN that a GSTIN says.

    Args:
        given: options by name; None for what was not said.
        ledger: the ledger that is altered, by name or id; empty for a new one.

    Raises:
        NotFound, Ambiguous: the group or the ledger means nothing here.
        BooksError: a GSTIN, State, PAN, e-mail address, head, rate or registration type is none, or two of them
            contradict each other.
    """
    fields = {name: given[name] for name in _AS_THEY_ARE if given.get(name) is not None}
    if given.get("group") is not None:
        group = str(given["group"])
        fields["group"] = None if group == "Primary" else books.names.find_live("group", group).document
    if "opening" in fields:
        fields["opening"] = _opening(books, str(fields["opening"]))
    held = _held(books, ledger)
    country = str(held.country if given.get("country") is None else given["country"])
    fields |= checked_contacts(given, country)
    gst = _gst(given, held, country)
    if "state" in gst:
        fields["state"] = gst["state"]
    if gst:
        fields["gst"] = gst
    check_agree(
        gst.get("gstin", held.gstin), "", fields.get("pan", held.pan) if "gstin" in gst or "pan" in fields else ""
    )
    tax = _tax(given)
    if tax:
        fields["tax"] = tax
    return fields


def _opening(books: Books, text: str) -> str:
    try:
        amount = balance_of(text)
        check_decimals(amount, currency_decimals(books))
    except BadValue as error:
        raise BooksError(f"the opening balance: {error}") from error
    return amount.text


class _Held(NamedTuple):
    """What the ledger that is altered says already."""

    gstin: str = ""
    state: str = ""
    registration: str = ""
    country: str = ""
    pan: str = ""


def _held(books: Books, ledger: str) -> _Held:
    if not ledger:
        return _Held()
    row = books.db.execute(
        "SELECT gstin, coalesce(nullif(gst_state, ''), state), gst_registration, country, pan FROM ledgers WHERE id=?",
        (books.names.find("ledger", ledger).local,),
    ).fetchone()
    return _Held(*(text or "" for text in row))


def _gst(given: Mapping[str, Any], held: _Held, country: str) -> dict[str, str]:
    """The party's standing under GST; a GSTIN says its State where nobody else does."""
    gst: dict[str, str] = {}
    if given.get("gst_type") is not None:
        gst["registration"] = _one_of(given["gst_type"], REGISTRATION_TYPES, "GST registration")
    if given.get("gstin") is not None:
        gst["gstin"] = checked_gstin(given["gstin"])
    if given.get("state") is not None:
        abroad = not is_india(country) or gst.get("registration", held.registration) == OVERSEAS
        gst["state"] = checked_place(given["state"], abroad)
        check_agree(gst.get("gstin", held.gstin), gst["state"])
    elif gst.get("gstin"):
        gst["state"] = state_name(state_code(gst["gstin"]))
    return gst


def _tax(given: Mapping[str, Any]) -> dict[str, str]:
    """What a tax ledger collects; a head makes it one of GST, an empty head makes it none."""
    tax: dict[str, str] = {}
    if given.get("tax_head") is not None:
        head = str(given["tax_head"])
        tax["head"] = head_of(head) or _one_of(head, HEADS, "head of GST")
        tax["kind"] = "GST" if tax["head"] else ""
    if given.get("tax_rate") is not None:
        tax["rate"] = _percent(str(given["tax_rate"]))
    return tax


def _percent(text: str) -> str:
    if not text.strip():
        return ""
    rate = percentage(text)
    if rate is None:
        raise BooksError(f"{text!r} is not a percentage; write it as 9 or 2.5")
    return rate_text(rate)


def _one_of(text: str, known: tuple[str, ...], what: str) -> str:
    if text and text not in known:
        raise BooksError(f"{text!r} is no {what}; there are {', '.join(known)}")
    return text
