"""What to look at before a return is filed: vouchers whose tax is odd, and masters without a rate or a code."""

import shlex
from typing import Any, Final

from khata.gst.faults import faults_of
from khata.gst.rates import NON_GST
from khata.gst.supplies import Supplies, Supply

NO_RATE: Final = "gst-rate-missing"
NO_HSN: Final = "gst-hsn-missing"

Json = dict[str, Any]
Counts = dict[tuple[str, str], set[bytes]]
"""The documents of each master, by its label and kind."""


def exceptions_of(supplies: Supplies, found: list[Supply]) -> list[Json]:
    """The exceptions among these supplies: by document in their order, then masters that lack something, by name.

    Args:
        found: in the order in which they are shown.
    """
    listed = []
    for supply in found:
        header, names = supply.header, supplies.books.names
        for fault in faults_of(supply):
            listed.append({
                "code": fault.code,
                "text": fault.text,
                "id": header.document.hex(),
                "type": names.label("voucher-type", header.type),
                "number": header.number,
                "date": header.date,
                "party": names.label("ledger", header.party),
                "settle": f"khata voucher alter {header.number or header.document.hex()}",
            })  # fmt: skip
    return [*listed, *_by_master(supplies, found)]


def _by_master(supplies: Supplies, found: list[Supply]) -> list[Json]:
    """Masters that lack a rate or a code: one line each, however many documents they are in."""
    without_rate: Counts = {}
    without_hsn: Counts = {}
    for supply in found:
        if not supply.registration.state:
            continue
        for component in supply.components:
            label = supplies.books.names.label(component.kind, component.master)
            key, document = (label, component.kind), supply.header.document
            if component.taxed.levy is None:
                without_rate.setdefault(key, set()).add(document)
            if supply.outward and not component.taxed.hsn and component.taxed.taxability != NON_GST:
                without_hsn.setdefault(key, set()).add(document)
    return [
        *_listed(without_rate, NO_RATE, "has no GST rate, so one is taken from the tax, and", ""),
        *_listed(without_hsn, NO_HSN, "has no HSN or SAC code and", " --hsn CODE"),
    ]


def _listed(counts: Counts, code: str, what: str, option: str) -> list[Json]:
    return [
        {
            "code": code,
            "text": f"{label} {what} is in {len(documents)} {'document' if len(documents) == 1 else 'documents'}",
            "id": "",
            "type": "",
            "number": "",
            "date": "",
            "party": "",
            "settle": f"khata gst rate {shlex.quote(label)} RATE --kind {kind}{option}",
        }
        for (label, kind), documents in sorted(counts.items())
    ]
