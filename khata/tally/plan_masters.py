"""Planning masters: one document for each, whatever the number of times a file repeats it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crdt_models.errors import BadValue
from crdt_models.masters import KINDS, SOURCE, VoucherType, blank, normalised
from crdt_models.packing import Value
from crdt_models.registers import difference
from crdt_models.voucher_types import BASE_TYPES, base_slug
from crdt_models.vouchers import imported_voucher_id
from khata.tally.names import Names, guessed_base, resolved
from khata.tally.parsed import ParsedMaster, Reference
from khata.tally.plan import Finding, ImportView, Place, Plan, PlannedSave, Skipped


@dataclass(slots=True)
class _Master:
    """A master on its way into the plan: the registers of all its mentions joined."""

    place: Place
    kind: str
    name: str
    document: bytes
    binding: str
    guid: str = ""
    registers: dict[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        return f"{self.kind.replace('-', ' ')} {self.name[:80]!r}"


class MasterPlanner:
    """Collects the masters of all files, then plans them in one go."""

    def __init__(self, plan: Plan, view: ImportView, names: Names, company: bytes) -> None:
        self._plan = plan
        self._view = view
        self._names = names
        self._company = company
        self._collected: list[tuple[ParsedMaster, str]] = []
        self._masters: dict[tuple[str, bytes], _Master] = {}

    def collect(self, parsed: ParsedMaster, binding: str) -> None:
        """Take one master of a file that is kept."""
        self._collected.append((parsed, binding))

    def plan_all(self) -> None:
        """Plan every collected master, in an order in which each kind comes after those it refers to."""
        self._identify()
        order = {kind: number for number, kind in enumerate(KINDS)}
        masters = sorted(self._masters.values(), key=lambda master: order[master.kind])
        self._set_bases([master for master in masters if master.kind == VoucherType.KIND])
        for master in masters:
            self._plan_one(master)

    def _identify(self) -> None:
        """Find each master's document: first of those the source is known to have renamed, then by name."""
        kept = self._without_clashes()
        documents = [self._known_by_guid(parsed, binding) for parsed, binding in kept]
        renamed = {
            (parsed.kind, found) for (parsed, _), found in zip(kept, documents, strict=True) if found is not None
        }
        for (parsed, binding), found in zip(kept, documents, strict=True):
            document = found
            if document is None:
                document, _ = self._names.find(parsed.kind, parsed.name, binding)
                if parsed.guid and (parsed.kind, document) in renamed:
                    # The source gave this name to a new master after it had renamed the one that had it.
                    document = imported_voucher_id(self._company, binding, parsed.guid)
            self._join(parsed, binding, document)

    def _known_by_guid(self, parsed: ParsedMaster, binding: str) -> bytes | None:
        return self._view.find_source(parsed.kind, binding, parsed.guid) if parsed.guid else None

    def _without_clashes(self) -> list[tuple[ParsedMaster, str]]:
        """The collected masters less those that contradict an earlier one about who is who."""
        kept: list[tuple[ParsedMaster, str]] = []
        by_guid: dict[tuple[str, str, str], ParsedMaster] = {}
        by_name: dict[tuple[str, str, str], ParsedMaster] = {}
        for parsed, binding in self._collected:
            name = normalised(parsed.name)
            twin = by_guid.get((parsed.kind, binding, parsed.guid)) if parsed.guid else None
            same = by_name.setdefault((parsed.kind, binding, name), parsed)
            reason = ""
            if twin is not None and normalised(twin.name) != name:
                reason = f"its GUID {parsed.guid} is also that of {twin.name!r} at {twin.place}; one of them is wrong"
            elif parsed.guid and same.guid and same.guid != parsed.guid:
                reason = f"it has the name of {same.name!r} at {same.place} but another GUID; rename one of them"
            if reason:
                what = f"{parsed.kind.replace('-', ' ')} {parsed.name[:80]!r}"
                self._plan.skipped.append(Skipped(parsed.place, what, reason))
                continue
            if parsed.guid:
                by_guid.setdefault((parsed.kind, binding, parsed.guid), parsed)
            kept.append((parsed, binding))
        return kept

    def _join(self, parsed: ParsedMaster, binding: str, document: bytes) -> None:
        master = self._masters.get((parsed.kind, document))
        if master is None:
            master = _Master(parsed.place, parsed.kind, parsed.name, document, binding)
            self._masters[parsed.kind, document] = master
        master.registers |= parsed.registers
        master.guid = parsed.guid or master.guid
        aliases = parsed.registers.get("aliases")
        for name in (parsed.name, *(aliases if isinstance(aliases, list) else ())):
            self._names.define(parsed.kind, name, document)

    def _set_bases(self, masters: list[_Master]) -> None:
        """Work out what voucher types post as, those first whose answer others need."""
        parents = {master.document: str(master.registers.pop("parent", "") or "") for master in masters}
        waiting = masters
        while waiting:
            unknown = [master for master in waiting if not self._set_base(master, parents[master.document])]
            if len(unknown) == len(waiting):
                break
            waiting = unknown
        else:
            return
        for master in waiting:
            base = self._view.voucher_base(master.document) or guessed_base(master.name)
            if base_slug(master.name) != base:
                text = f"the voucher type {master.name!r} does not say what it is derived from; it posts as {base}"
                self._plan.findings.append(Finding("voucher-type", master.place.file, text))
            master.registers["base"] = base
            self._names.define_base(master.document, base)
            if normalised(BASE_TYPES[base].name) != normalised(master.name):
                master.registers["parent"] = Reference(VoucherType.KIND, BASE_TYPES[base].name, optional=True)

    def _set_base(self, master: _Master, parent: str) -> bool:
        """Take the base from the type's reserved name or from the type it was derived from, if that is known yet."""
        registers = master.registers
        base = registers.get("base") or base_slug(str(registers.get("reserved", ""))) or base_slug(parent)
        base = base or (self._names.base_of_name(parent) if parent else None)
        if parent and normalised(parent) != normalised(master.name):
            registers["parent"] = Reference(VoucherType.KIND, parent, optional=True)
        if base is None:
            return False
        registers["base"] = base
        self._names.define_base(master.document, base)
        return True

    def _plan_one(self, master: _Master) -> None:
        before = self._view.previous_import(master.kind, master.document, master.binding) or {}
        try:
            said = _said(master.registers, before, lambda reference: self._names.resolve(reference, master.binding))
            registers = KINDS[master.kind].from_registers(said).registers()
        except BadValue as error:
            self._names.forget()
            self._names.undefine(master.kind, master.document)
            self._plan.skipped.append(Skipped(master.place, master.what, str(error)))
            return
        self._names.create()
        if master.guid:
            registers[SOURCE + master.binding] = {"guid": master.guid}
        emptied = {name: value for name, value in blank(KINDS[master.kind]).items() if name in said}
        changes = difference(before, registers, emptied)
        if not changes:
            self._plan.count(master.kind).unchanged += 1
            return
        new = not self._view.exists(master.kind, master.document)
        self._plan.add(PlannedSave(master.kind, master.document, master.binding, changes, new))


def _said(
    registers: Mapping[str, Any], before: Mapping[str, Value], resolve: Callable[[Reference], Value]
) -> dict[str, Value]:
    """Registers with ids for names; of a register with parts, what this file is silent about stays as it was."""
    said: dict[str, Value] = {}
    for name, value in registers.items():
        value = resolved(value, resolve)
        earlier = before.get(name)
        if isinstance(value, dict) and isinstance(earlier, dict):
            value = {**earlier, **value}
        said[name] = value
    return said
