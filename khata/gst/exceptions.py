"""What to look at before a return is filed: vouchers whose tax is odd, and masters without a rate or a code."""

import shlex
from typing import Any, Final

from khata.books import Books
from khata.gst.faults import NO_PLACE, Fault, faults_of
from khata.gst.rates import NON_GST
from khata.gst.supplies import Component, Supply

NO_RATE: Final = "gst-rate-missing"
NO_HSN: Final = "gst-hsn-missing"

Json = dict[str, Any]
Counts = dict[tuple[str, str], set[bytes]]
"""The documents of each master, by its label and kind."""


class Exceptions:
    """Collects the exceptions among supplies that it is shown, in any order."""

    def __init__(self, books: Books) -> None:
        self._names = books.names
        self._found: list[tuple[Supply, Fault]] = []
        self._without_rate: Counts = {}
        self._without_hsn: Counts = {}

    def look(self, supply: Supply) -> None:
        """Look at one supply; a company that is not registered has nothing to file."""
        if not supply.registration.state:
            return
        self._found.extend((supply, fault) for fault in faults_of(supply))
        for component in supply.components:
            taxed = component.taxed
            if taxed.levy is None:
                self._count(self._without_rate, supply, component)
            if supply.outward and not taxed.hsn and taxed.taxability != NON_GST:
                self._count(self._without_hsn, supply, component)

    def _count(self, counts: Counts, supply: Supply, component: Component) -> None:
        label = self._names.label(component.kind, component.master)
        counts.setdefault((label, component.kind), set()).add(supply.header.document)

    def listed(self) -> list[Json]:
        """Exceptions by document in their order; then masters that lack something, by name."""
        self._found.sort(key=lambda one: (one[0].order, one[1]))
        return [
            *(self._of_document(*one) for one in self._found),
            *_listed(self._without_rate, NO_RATE, "has no GST rate, so one is taken from the tax, and", ""),
            *_listed(self._without_hsn, NO_HSN, "has no HSN or SAC code and", " --hsn CODE"),
        ]

    def _of_document(self, supply: Supply, fault: Fault) -> Json:
        header = supply.header
        return {
            "code": fault.code,
            "text": fault.text,
            "id": header.document.hex(),
            "type": self._names.label("voucher-type", header.type),
            "number": header.number,
            "date": header.date,
            "party": self._names.label("ledger", header.party),
            "settle": self._settle(supply, fault),
        }

    def _settle(self, supply: Supply, fault: Fault) -> str:
        header = supply.header
        alter = f"khata voucher alter {header.document.hex()}"
        if fault.code != NO_PLACE:
            return f"{alter} --recompute"
        if header.party is None:
            return f"{alter} --place-of-supply STATE --recompute"
        return f"khata ledger alter {shlex.quote(self._names.label('ledger', header.party))} --state STATE"


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
