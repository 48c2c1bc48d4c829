"""Vouchers as Tally's XML: what the importer's `vouchers` reads, written."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lxml import etree

from crdt_models.vouchers import Posting
from khata.export.tally_layout import INVOICE_LINES, layout_of
from khata.export.tally_lines import put_goods, put_line
from khata.export.tally_masters import Spelled
from khata.export.tally_text import Element, clean, day, put, put_flag, put_given
from khata.tally.vouchers import EXTRA_LISTS, EXTRA_TEXTS

INVOICE_VIEW: Final = "Invoice Voucher View"
ACCOUNTING_VIEW: Final = "Accounting Voucher View"

_TAGS: Final = {name: tag for tag, name in EXTRA_TEXTS.items()}
_LISTS: Final = {tag.removesuffix(".LIST").lower(): tag for tag in EXTRA_LISTS}
_is_tag = re.compile(r"[a-z_][a-z0-9_.-]*").fullmatch


class Leaving(NamedTuple):
    """A voucher on its way out.

    Attributes:
        guid: what the source called it, or an id made from ours.
        from_elsewhere: an import brought it.
    """

    guid: str
    from_elsewhere: bool
    posting: Posting
    number: str
    reference: str
    reference_date: str
    narration: str
    cancelled: bool
    optional: bool


def voucher_element(names: Spelled, voucher: Leaving) -> Element:
    """One voucher."""
    posting = voucher.posting
    type_name, guid = names.name("voucher-type", posting.type), clean(voucher.guid)
    view = INVOICE_VIEW if posting.view == "invoice" else ACCOUNTING_VIEW
    element = etree.Element("VOUCHER", REMOTEID=guid, VCHTYPE=clean(type_name), ACTION="Create", OBJVIEW=view)
    put(element, "DATE", day(posting.date))
    put(element, "EFFECTIVEDATE", day(posting.effective_date or posting.date))
    put(element, "GUID", guid)
    put(element, "NARRATION", voucher.narration)
    put(element, "VOUCHERTYPENAME", type_name)
    put(element, "VOUCHERNUMBER", voucher.number)
    put(element, "REFERENCE", voucher.reference)
    put(element, "REFERENCEDATE", day(voucher.reference_date))
    put(element, "PARTYLEDGERNAME", "" if posting.party is None else names.name("ledger", posting.party))
    put(element, "PLACEOFSUPPLY", posting.place_of_supply)
    put(element, "PARTYGSTIN", posting.party_gstin)
    put(element, "GSTREGISTRATION", posting.registration)
    put(element, "PERSISTEDVIEW", view)
    put_flag(element, "ISINVOICE", posting.view == "invoice")
    put_flag(element, "ISPOSTDATED", posting.post_dated)
    put_flag(element, "ISOPTIONAL", voucher.optional)
    put_flag(element, "ISCANCELLED", voucher.cancelled)
    _put_extra(element, posting.extra)
    _put_lines(element, names, voucher)
    return element


def _put_lines(element: Element, names: Spelled, voucher: Leaving) -> None:
    layout = layout_of(voucher.posting, voucher.from_elsewhere)
    # In an invoice the goods come first in Tally's own files, in the other views the ledger lines.
    goods_first = layout.tag == INVOICE_LINES
    for goods in layout.goods if goods_first else ():
        put_goods(element, goods, names)
    for line in layout.lines:
        put_line(element, layout.tag, line, voucher.posting.party, names)
    for goods in () if goods_first else layout.goods:
        put_goods(element, goods, names)


def _put_extra(element: Element, extra: Mapping[str, Any]) -> None:
    """What an import kept without understanding it, under the tags it came from."""
    for name, value in extra.items():
        if name in _TAGS and isinstance(value, str):
            put_given(element, _TAGS[name], value)
        elif name in _LISTS and isinstance(value, list):
            for part in value:
                _put_kept(element, _LISTS[name], part)


def _put_kept(parent: Element, tag: str, value: Any) -> None:
    """Undo what `elements.kept` did to one element: texts as fields, dicts as lists."""
    if isinstance(value, str):
        put(parent, tag, value)
    elif isinstance(value, list):
        for part in value:
            _put_kept(parent, tag, part)
    elif isinstance(value, dict):
        inside = etree.SubElement(parent, tag if tag.endswith(".LIST") else f"{tag}.LIST")
        for name, part in value.items():
            if isinstance(name, str) and _is_tag(name):
                _put_kept(inside, name.upper(), part)
