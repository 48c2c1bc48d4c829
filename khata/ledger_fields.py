"""From the options of `khata ledger add` and `alter` to the fields of a ledger."""

from collections.abc import Mapping
from typing import Any, Final

from khata.books import Books
from khata.errors import BooksError
from khata.gst.heads import HEADS, head_of
from khata.gst.places import REGISTRATION_TYPES
from khata.gst.rates import percentage, rate_text
from khata.gst.states import checked_gstin, state_code, state_name

_AS_THEY_ARE: Final = (
    *("name", "opening", "bill_wise", "cost_centres", "aliases", "phone", "email", "pan", "address", "country"),
)


def ledger_fields(books: Books, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were said something about.

    Args:
        given: options by name; None for what was not said.

    Raises:
        NotFound, Ambiguous: the group means nothing here.
        BooksError: the GSTIN is mistyped, or a head, a rate or a registration type is none.
    """
    fields = {name: given[name] for name in _AS_THEY_ARE if given.get(name) is not None}
    if given.get("group") is not None:
        group = str(given["group"])
        fields["group"] = None if group == "Primary" else books.names.find_live("group", group).document
    gst: dict[str, str] = {}
    if given.get("gstin") is not None:
        gst["gstin"] = checked_gstin(given["gstin"])
    if given.get("state") is not None:
        fields["state"] = gst["state"] = _state(given["state"])
    if given.get("gst_type") is not None:
        gst["registration"] = _one_of(given["gst_type"], REGISTRATION_TYPES, "GST registration")
    if gst:
        fields["gst"] = gst
    tax = _tax(given)
    if tax:
        fields["tax"] = tax
    return fields


def _state(text: str) -> str:
    """A State of India in its usual spelling; the name of a place abroad stays as it was written."""
    code = state_code(text)
    return state_name(code) if code else text


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
