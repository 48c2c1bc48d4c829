"""What a person should look at before a return is filed: vouchers whose tax is odd, and things without an HSN code."""

import shlex
from typing import Any, Final

from khata.gst.faults import faults_of
from khata.gst.rates import NON_GST
from khata.gst.supplies import Supplies, Supply

NO_HSN: Final = "gst-hsn-missing"

Json = dict[str, Any]


def exceptions_of(supplies: Supplies, found: list[Supply]) -> list[Json]:
    """The exceptions among these supplies: by document in their order, then what has no HSN code, by name.

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
    return [*listed, *_without_hsn(supplies, found)]


def _without_hsn(supplies: Supplies, found: list[Supply]) -> list[Json]:
    """What the company supplies and has no code for: one line each, however many documents it is in."""
    counts: dict[tuple[str, str], set[bytes]] = {}
    for supply in found:
        if not supply.outward or not supply.registration.state:
            continue
        for component in supply.components:
            if not component.taxed.hsn and component.taxed.taxability != NON_GST:
                label = supplies.books.names.label(component.kind, component.master)
                counts.setdefault((label, component.kind), set()).add(supply.header.document)
    return [
        {
            "code": NO_HSN,
            "text": f"{label} has no HSN or SAC code and is in {len(documents)} "
            f"{'document' if len(documents) == 1 else 'documents'}",
            "id": "",
            "type": "",
            "number": "",
            "date": "",
            "party": "",
            "settle": f"khata gst rate {shlex.quote(label)} RATE --kind {kind} --hsn CODE",
        }
        for (label, kind), documents in sorted(counts.items())
    ]
