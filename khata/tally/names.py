"""From names in a file to document ids, creating what vouchers name and nobody defines.

A voucher is never dropped because a master is missing: the master is made with a stated default, a ledger for example
under Suspense A/c, and the plan says which ones, so that somebody imports the masters too.
"""

from collections.abc import Callable

from crdt_models.masters import KINDS, Group, Ledger, Master, StockItem, VoucherType, master_id, normalised
from crdt_models.packing import Value
from crdt_models.predefined import SUSPENSE, predefined
from crdt_models.voucher_types import BASE_TYPES, base_slug
from khata.tally.parsed import Reference
from khata.tally.plan import ImportView

FALLBACK_BASE = "journal"
"""What a voucher type posts as when nothing says so: a journal posts its entries and nothing else."""


class Names:
    """Finds the document of each master that an import names.

    `define` tells of masters in the files themselves. `resolve` answers with an id and, for a master that is nowhere,
    puts it on the list `wanted`; `create` turns the wanted ones of a voucher that is kept into `created`.
    """

    def __init__(self, view: ImportView, company: bytes) -> None:
        self.created: dict[tuple[str, bytes], Master] = {}
        self.guessed: dict[bytes, str] = {}
        self._view = view
        self._company = company
        self._defined: dict[tuple[str, str], bytes] = {}
        self._bases: dict[bytes, str] = {}
        self._found: dict[tuple[str, str, str], tuple[bytes, bool]] = {}
        self._wanted: dict[tuple[str, bytes], str] = {}
        self._units: dict[bytes, bytes] = {}
        self._predefined = dict(predefined(company))

    def define(self, kind: str, name: str, document: bytes) -> None:
        """Say that the master of this name is defined by one of the files, as this document."""
        self._defined.setdefault((kind, normalised(name)), document)

    def undefine(self, kind: str, document: bytes) -> None:
        """Take back `define` for a master that cannot be kept."""
        self._defined = {key: found for key, found in self._defined.items() if found != document or key[0] != kind}

    def define_base(self, voucher_type: bytes, base: str) -> None:
        """Say what a voucher type defined by one of the files posts as."""
        self._bases[voucher_type] = base

    def base_of_name(self, name: str) -> str | None:
        """The base slug of a type that is defined by a file or stands in the books; None when neither knows it."""
        document = self._defined.get(("voucher-type", normalised(name)))
        document = document or self._view.find_master("voucher-type", name)
        return None if document is None else self._bases.get(document) or self._view.voucher_base(document)

    def find(self, kind: str, name: str, binding: str) -> tuple[bytes, bool]:
        """The document of a master by name, and whether there is one; if not, the id it would get."""
        form = normalised(name)
        defined = self._defined.get((kind, form))
        if defined is not None:
            return defined, True
        found = self._found.get((kind, form, binding))
        if found is None:
            found = self._found[kind, form, binding] = self._search(kind, name, binding)
        return found

    def resolve(self, reference: Reference, binding: str) -> bytes | None:
        """The document a reference means; a missing one goes on the list of wanted masters unless it is optional."""
        document, exists = self.find(reference.kind, reference.name, binding)
        if exists:
            return document
        if reference.optional:
            return None
        self._wanted[reference.kind, document] = reference.name
        return document

    def note_unit(self, item: bytes, unit: bytes) -> None:
        """Remember in which unit a voucher counts an item, for items that nobody defines."""
        self._units.setdefault(item, unit)

    def forget(self) -> None:
        """Drop what the last voucher wanted, because that voucher is left out."""
        self._wanted.clear()

    def create(self) -> None:
        """Create what the last record wanted, because that record is kept."""
        for (kind, document), name in self._wanted.items():
            self._create(kind, document, name)
        self._wanted.clear()

    def base(self, voucher_type: bytes, name: str) -> str:
        """What vouchers of a type post as: by its master, by the name of a base type in its own, else as a journal."""
        found = self._bases.get(voucher_type)
        if found is None:
            found = self._view.voucher_base(voucher_type)
            if found not in BASE_TYPES:
                found = guessed_base(name)
                if base_slug(name) is None:
                    self.guessed[voucher_type] = name
            self._bases[voucher_type] = found
        return found

    def _search(self, kind: str, name: str, binding: str) -> tuple[bytes, bool]:
        document = master_id(self._company, kind, name)
        before = self._view.previous_import(kind, document, binding)
        # What this source called so before is still meant, whatever people have renamed here since.
        if before is not None and normalised(str(before.get("name", ""))) == normalised(name):
            return document, True
        found = self._view.find_master(kind, name)
        if found is not None:
            return found, True
        return document, self._view.exists(kind, document)

    def _create(self, kind: str, document: bytes, name: str) -> None:
        if (kind, document) in self.created or self._view.exists(kind, document):
            return
        master = self._predefined.get(document)
        if master is None:
            master = self._default(kind, document, name)
        self.created[kind, document] = master
        for parent in (getattr(master, "parent", None), getattr(master, "group", None)):
            if parent in self._predefined:
                above = self._predefined[parent]
                self._create(above.KIND, parent, above.name)

    def _default(self, kind: str, document: bytes, name: str) -> Master:
        if kind == Ledger.KIND:
            return Ledger(name=name, group=self._suspense())
        if kind == StockItem.KIND:
            return StockItem(name=name, unit=self._units.get(document))
        if kind == VoucherType.KIND:
            base = guessed_base(name)
            return VoucherType(name=name, base=base, parent=self._view.find_master(kind, BASE_TYPES[base].name))
        return KINDS[kind](name=name)

    def _suspense(self) -> bytes:
        return self._view.find_master(Group.KIND, SUSPENSE) or master_id(self._company, Group.KIND, SUSPENSE)


def guessed_base(name: str) -> str:
    """The base type whose name stands in a voucher type's name, the longest if several do; else a journal."""
    words = f" {normalised(name)} "
    named = [base for base in BASE_TYPES.values() if f" {base.name.casefold()} " in words]
    return max(named, key=lambda base: len(base.name)).slug if named else FALLBACK_BASE


Resolve = Callable[[Reference], Value]


def resolved(value: object, resolve: Resolve) -> Value:
    """Registers as read, with every reference replaced by what `resolve` makes of it."""
    if isinstance(value, Reference):
        return resolve(value)
    if isinstance(value, dict):
        return {name: resolved(part, resolve) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(part, resolve) for part in value]
    if value is None or isinstance(value, str | bytes | int):
        return value
    raise TypeError(f"{type(value).__name__} stands in a parsed record")
