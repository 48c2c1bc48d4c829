"""Books in memory that carry out plans: as much of khata's books as planning can tell from the real ones."""

from collections.abc import Mapping

from crdt_models.masters import Master, VoucherType, normalised
from crdt_models.packing import Value, check_value, pack, unpack_untrusted
from crdt_models.predefined import predefined
from crdt_models.vouchers import KIND as VOUCHER
from crdt_models.vouchers import Voucher
from khata.tally.plan import Plan, import_origin

COMPANY = bytes(range(32))


class Books:
    """Holds documents as registers, and beside them what each source last said of them."""

    def __init__(self, company: bytes = COMPANY, start: bool = True):
        self.company = company
        self.documents: dict[tuple[str, bytes], dict[str, Value]] = {}
        self.imports: dict[tuple[str, bytes, str], dict[str, Value]] = {}
        self._names: dict[tuple[str, str], bytes] = {}
        self._sources: dict[tuple[str, str, str], bytes] = {}
        if start:
            for identity, master in predefined(company):
                self.write(master.KIND, identity, master.registers())

    def write(self, kind: str, document: bytes, changes: Mapping[str, Value]) -> None:
        """Set registers, as a person at this branch would."""
        registers = self.documents.setdefault((kind, document), {})
        self._names.pop((kind, normalised(str(registers.get("name", "")))), None)
        registers.update(changes)
        if kind != VOUCHER:
            self._names[kind, normalised(str(registers["name"]))] = document
            aliases = registers.get("aliases")
            for alias in aliases if isinstance(aliases, list) else ():
                self._names.setdefault((kind, normalised(str(alias))), document)

    def carry_out(self, plan: Plan) -> int:
        """Make every save of a plan; the number of saves."""
        saves = 0
        for batch in plan.batches():
            assert len({(save.kind, save.base, save.date[:7]) for save in batch}) == 1
            for save in batch:
                assert save.new == ((save.kind, save.id) not in self.documents)
                assert save.changes
                check_value(save.changes)
                changes = unpack_untrusted(pack(save.changes))
                assert isinstance(changes, dict)
                self.write(save.kind, save.id, changes)
                if save.origin == import_origin(save.binding):
                    self.imports.setdefault((save.kind, save.id, save.binding), {}).update(changes)
                source = changes.get(f"source:{save.binding}")
                if isinstance(source, dict):
                    self._sources[save.kind, save.binding, str(source["guid"])] = save.id
                saves += 1
        return saves

    def find_master(self, kind: str, name: str) -> bytes | None:
        return self._names.get((kind, normalised(name)))

    def find_source(self, kind: str, binding: str, identity: str) -> bytes | None:
        return self._sources.get((kind, binding, identity))

    def exists(self, kind: str, document: bytes) -> bool:
        return (kind, document) in self.documents

    def previous_import(self, kind: str, document: bytes, binding: str) -> Mapping[str, Value] | None:
        return self.imports.get((kind, document, binding))

    def voucher_base(self, voucher_type: bytes) -> str | None:
        registers = self.documents.get((VoucherType.KIND, voucher_type))
        return None if registers is None else str(registers.get("base", "")) or None

    def vouchers(self) -> list[Voucher]:
        """All vouchers, by id."""
        found = [(document, registers) for (kind, document), registers in self.documents.items() if kind == VOUCHER]
        return [Voucher.from_registers(document, registers) for document, registers in sorted(found)]

    def master(self, kind: type[Master], name: str):
        """The master of this name."""
        document = self._names[kind.KIND, normalised(name)]
        return kind.from_registers(self.documents[kind.KIND, document])

    def name_of(self, kind: type[Master], document: bytes | None) -> str:
        """What a master is called."""
        return str(self.documents[kind.KIND, document]["name"]) if document is not None else ""
