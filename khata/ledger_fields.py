"""From the options of `khata ledger add` and `alter` to the fields of a ledger."""

from collections.abc import Mapping
from typing import Any, Final

from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin as gstins

from khata.books import Books
from khata.errors import BooksError

_AS_THEY_ARE: Final = ("name", "opening", "bill_wise", "cost_centres", "aliases", "phone", "email", "pan", "address")


def ledger_fields(books: Books, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were said something about.

    Args:
        given: options by name; None for what was not said.

    Raises:
        NotFound, Ambiguous: the group means nothing here.
        BooksError: the GSTIN is mistyped.
    """
    fields = {name: given[name] for name in _AS_THEY_ARE if given.get(name) is not None}
    if given.get("group") is not None:
        group = str(given["group"])
        fields["group"] = None if group == "Primary" else books.names.find_live("group", group).document
    gst: dict[str, str] = {}
    if given.get("gstin") is not None:
        gst["gstin"] = checked_gstin(given["gstin"])
    if given.get("state") is not None:
        fields["state"] = gst["state"] = given["state"]
    if gst:
        fields["gst"] = gst
    return fields


def checked_gstin(text: str) -> str:
    """A GSTIN in its usual spelling; empty stays empty.

    Raises:
        BooksError: its form or check digit is wrong.
    """
    if not text.strip():
        return ""
    try:
        return str(gstins.validate(text))
    except ValidationError as error:
        raise BooksError(f"{text!r} is not a GSTIN; compare its 15 characters with the certificate") from error
