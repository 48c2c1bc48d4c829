"""GST rates and HSN codes in Tally's dated lists, which items and ledgers share."""

from collections.abc import Sequence

from lxml import etree

from crdt_models.masters import GstRate
from khata.export.tally_text import Element, day, put, put_given

ANY_STATE = "Any"
"""What Tally writes where a rate holds in every State."""


def put_gst_rates(element: Element, rates: Sequence[GstRate]) -> None:
    """Add what is said about GST, date by date."""
    for it in rates:
        if it.hsn:
            part = etree.SubElement(element, "HSNDETAILS.LIST")
            put_given(part, "APPLICABLEFROM", day(it.since))
            put(part, "HSNCODE", it.hsn)
            put_given(part, "HSN", it.description)
        if it.rates or it.taxability:
            part = etree.SubElement(element, "GSTDETAILS.LIST")
            put_given(part, "APPLICABLEFROM", day(it.since))
            put_given(part, "TAXABILITY", it.taxability)
            _put_heads(part, it.rates)


def _put_heads(part: Element, rates: dict[str, str]) -> None:
    if not rates:
        return
    state = etree.SubElement(part, "STATEWISEDETAILS.LIST")
    put(state, "STATENAME", ANY_STATE)
    for head, rate in rates.items():
        detail = etree.SubElement(state, "RATEDETAILS.LIST")
        put(detail, "GSTRATEDUTYHEAD", head)
        put(detail, "GSTRATE", rate)
