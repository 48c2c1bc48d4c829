"""The budgets, and measurements set against them."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

Json = Mapping[str, Any]


class Line(NamedTuple):
    """One budget.

    Attributes:
        measure: of which measurement, `lone` or `bulk`.
        figure: its name there.
        budget: what it should come to.
        at_least: whether more is better.
        unit: as it is shown.
    """

    what: str
    measure: str
    figure: str
    budget: float
    at_least: bool
    unit: str


BUDGETS: tuple[Line, ...] = (
    Line("cold sync, each voucher saved on its own", "lone", "cold_per_second", 6_000, True, "/s"),
    Line("cold sync, imported in bulk", "bulk", "cold_per_second", 15_000, True, "/s"),
    Line("no-op reconnect: round trips after TLS and proof", "lone", "no_op_round_trips", 1, False, ""),
    Line("no-op reconnect: bytes", "lone", "no_op_bytes", 400, False, "B"),
    Line("no-op reconnect: time", "lone", "no_op_ms", 10, False, "ms"),
    Line("catch-up of 100: time, dialling and TLS included", "lone", "catch_up_ms", 40, False, "ms"),
    Line("catch-up of 100: bytes", "lone", "catch_up_bytes", 45_000, False, "B"),
    Line("1,000 + 1,000 concurrent edits, converged", "lone", "edits_ms", 400, False, "ms"),
    Line("durable here to visible there, p50 of 200", "lone", "live_p50_ms", 4, False, "ms"),
    Line("durable here to visible there, p99 of 200", "lone", "live_p99_ms", 20, False, "ms"),
    Line("wire, a lone voucher", "lone", "wire_bytes_each", 420, False, "B"),
    Line("wire, a voucher in bulk", "bulk", "wire_bytes_each", 150, False, "B"),
    Line("disk, a lone voucher with tables and history", "lone", "disk_bytes_each", 1_600, False, "B"),
    Line("peak memory of the receiver", "lone", "memory_mb", 150, False, "MB"),
    Line("trial balance", "lone", "trial_balance_ms", 60, False, "ms"),
)

NOT_FIGURES = frozenset({"digest", "commits"})


def middle(runs: Sequence[Json]) -> dict[str, float]:
    """The median of each figure over several runs."""
    return {figure: median(run[figure] for run in runs) for figure in runs[0] if figure not in NOT_FIGURES}


def is_within(line: Line, value: float) -> bool:
    """Whether a figure meets its budget."""
    return value >= line.budget if line.at_least else value <= line.budget


def markdown(results: Mapping[str, Json], vouchers: int) -> str:
    """The table, as it is printed and stands in the docs."""
    rows = ["| what | budget | measured | |", "|---|---|---|---|"]
    rows.extend(_row(line, results[line.measure][line.figure]) for line in BUDGETS)
    for name, what in (("lone", "each voucher saved on its own"), ("bulk", "imported in bulk")):
        most = results[name]["floor_per_second"]
        share = f"cold sync runs at {results[name]['cold_per_second'] / most:.0%} of it"
        rows.append(f"| the floor, {what}: no network, no fsync | | {_text(most)} /s | {share} |")
    disk = f"{_text(results['lone']['disk_p50_ms'])} ms, p99 {_text(results['lone']['disk_p99_ms'])} ms"
    rows.append(f"| the disk: one row made durable, p50 of 200 | | {disk} | |")
    return "\n".join([f"{vouchers:,} vouchers", "", *rows])


def _row(line: Line, value: float) -> str:
    sign = "≥" if line.at_least else "≤"
    verdict = "within" if is_within(line, value) else "over"
    return f"| {line.what} | {sign} {_text(line.budget)} {line.unit} | {_text(value)} {line.unit} | {verdict} |"


def _text(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
