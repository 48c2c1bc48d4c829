"""From a master to its row: the columns of each kind's table after the common ones, in the order of the table."""

from collections.abc import Callable
from typing import Any

from crdt_models.masters import (
    Company,
    CostCategory,
    CostCentre,
    Currency,
    Godown,
    Group,
    Ledger,
    Master,
    StockCategory,
    StockGroup,
    StockItem,
    Unit,
    VoucherType,
)
from khata.reading import exact_e4

Refer = Callable[[str, bytes | None], int | None]
"""Gives the local id of a master by kind and document id, making a row that waits for it when it is not here."""

Row = tuple[Any, ...]

REFERENCES: dict[str, dict[str, str]] = {
    "company": {"currency": "currency"},
    "unit": {"head": "unit", "tail": "unit"},
    "group": {"parent": "group"},
    "ledger": {"group": "group", "currency": "currency"},
    "godown": {"parent": "godown"},
    "stock-group": {"parent": "stock-group"},
    "stock-category": {"parent": "stock-category"},
    "stock-item": {"parent": "stock-group", "category": "stock-category", "unit": "unit", "alternate": "unit"},
    "cost-centre": {"parent": "cost-centre", "category": "cost-category"},
    "voucher-type": {"parent": "voucher-type"},
}
"""Which registers of a kind of master hold ids, and of what kind; `merged_into` holds one of its own kind."""

REFERENCE_COLUMNS: dict[tuple[str, str], str] = {("ledger", "group"): "group_id"}
"""Where a register's column has another name, because SQL keeps the register's own."""


def reference_column(kind: str, register: str) -> str:
    """The column that holds what a register refers to."""
    return REFERENCE_COLUMNS.get((kind, register), register)


def _lines(lines: tuple[str, ...]) -> str:
    return "\n".join(lines)


def _company(it: Company, refer: Refer) -> Row:
    return (
        it.mailing_name, _lines(it.address), it.state, it.country, it.pincode, it.phone, it.email, it.gstin, it.pan,
        it.books_from, it.year_starts, refer("currency", it.currency),
    )  # fmt: skip


def _currency(it: Currency, refer: Refer) -> Row:
    return it.formal_name, it.code, it.decimals


def _unit(it: Unit, refer: Refer) -> Row:
    return it.formal_name, it.decimals, it.quantity_code, refer("unit", it.head), refer("unit", it.tail), it.conversion


def _group(it: Group, refer: Refer) -> Row:
    return refer("group", it.parent), it.nature, it.affects_gross_profit, it.sub_ledger


def _ledger(it: Ledger, refer: Refer) -> Row:
    return (
        refer("group", it.group), exact_e4(it.opening) or 0, it.bill_wise, it.cost_centres,
        refer("currency", it.currency), it.gst.gstin, it.gst.registration, it.gst.state, it.mailing_name,
        _lines(it.address), it.state, it.country, it.pincode, it.phone, it.email, it.pan, it.credit_period,
        it.credit_limit, it.tax.kind, it.tax.head, it.tax.rate, it.branch,
    )  # fmt: skip


def _godown(it: Godown, refer: Refer) -> Row:
    return refer("godown", it.parent), _lines(it.address), it.third_party


def _stock_group(it: StockGroup, refer: Refer) -> Row:
    return refer("stock-group", it.parent), it.adds_quantities


def _stock_category(it: StockCategory, refer: Refer) -> Row:
    return (refer("stock-category", it.parent),)


def _stock_item(it: StockItem, refer: Refer) -> Row:
    return (
        refer("stock-group", it.parent), refer("stock-category", it.category), refer("unit", it.unit),
        refer("unit", it.alternate), it.costing, it.valuation, it.batches, it.perishable,
    )  # fmt: skip


def _cost_category(it: CostCategory, refer: Refer) -> Row:
    return it.revenue, it.non_revenue


def _cost_centre(it: CostCentre, refer: Refer) -> Row:
    return refer("cost-centre", it.parent), refer("cost-category", it.category), it.employee


def _voucher_type(it: VoucherType, refer: Refer) -> Row:
    return it.base, refer("voucher-type", it.parent), it.abbreviation, it.optional, it.active


_ROWS: dict[str, Callable[..., Row]] = {
    "company": _company,
    "currency": _currency,
    "unit": _unit,
    "group": _group,
    "ledger": _ledger,
    "godown": _godown,
    "stock-group": _stock_group,
    "stock-category": _stock_category,
    "stock-item": _stock_item,
    "cost-category": _cost_category,
    "cost-centre": _cost_centre,
    "voucher-type": _voucher_type,
}


def own_columns(kind: str, master: Master, refer: Refer) -> Row:
    """The values of the columns of a kind's table after the common ones."""
    return _ROWS[kind](master, refer)
