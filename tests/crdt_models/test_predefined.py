"""A new company starts with what a new company in Tally starts with."""

from collections import Counter

from crdt_models.masters import Group, Ledger, VoucherType
from crdt_models.predefined import SUSPENSE, predefined
from crdt_models.voucher_types import BASE_TYPES, base_slug

COMPANY = bytes(range(32))
MASTERS = list(predefined(COMPANY))


def test_the_counts_are_tallys():
    assert Counter(master.KIND for _, master in MASTERS) == {
        "currency": 1,
        "group": 28,
        "ledger": 2,
        "godown": 1,
        "cost-category": 1,
        "voucher-type": 24,
    }
    assert sum(1 for _, master in MASTERS if isinstance(master, Group) and master.parent is None) == 15


def test_ids_are_distinct_and_every_reference_comes_before_its_use():
    seen = set()
    for identity, master in MASTERS:
        assert identity not in seen
        seen.add(identity)
        if isinstance(master, Group) and master.parent is not None:
            assert master.parent in seen
        if isinstance(master, Ledger) and master.group is not None:
            assert master.group in seen
        assert type(master).from_registers(master.registers()) == master


def test_groups_share_their_parents_nature():
    groups = {identity: master for identity, master in MASTERS if isinstance(master, Group)}
    for group in groups.values():
        assert group.nature
        if group.parent is not None:
            assert groups[group.parent].nature == group.nature
    assert SUSPENSE in {group.name for group in groups.values()}


def test_every_voucher_type_stands_on_its_own_base():
    types = [master for _, master in MASTERS if isinstance(master, VoucherType)]
    assert {kind.base for kind in types} == BASE_TYPES.keys() - {"manufacturing-journal"}
    for kind in types:
        assert base_slug(kind.name) == kind.base
        assert BASE_TYPES[kind.base].name == kind.name


def test_the_same_company_gets_the_same_masters_anywhere():
    assert list(predefined(COMPANY)) == MASTERS
    assert {identity for identity, _ in predefined(bytes(32))}.isdisjoint(identity for identity, _ in MASTERS)
