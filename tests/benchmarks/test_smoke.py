"""The benchmark works: small numbers, no times asserted; that it runs to its end means that both copies ended equal."""

from typing import Any

import pytest

from benchmarks.__main__ import measure
from benchmarks.measures import Failed, Plan, Process, make, quantile, two_ends
from benchmarks.simulation import measure as measure_simulation
from benchmarks.table import BUDGETS, is_within, markdown

PLAN = Plan(vouchers=200, runs=1, edits=20, live=10)
CONTEXT = {"measure", "vouchers", "run", "digest", "commits"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    lines: list[dict[str, Any]] = []
    results = measure(tmp_path_factory.mktemp("bench"), PLAN, lines.append)
    return lines, results


def test_each_run_is_one_line_with_every_figure_that_has_a_budget(measured):
    lines, _ = measured
    assert [(line["measure"], line["vouchers"], line["run"]) for line in lines] == [("lone", 200, 1), ("bulk", 200, 1)]
    for line in lines:
        assert len(line["digest"]) == 64
        figures = line.keys() - CONTEXT
        assert {budget.figure for budget in BUDGETS if budget.measure == line["measure"]} | {
            "floor_per_second"
        } <= figures
        assert all(line[figure] > 0 for figure in figures)


def test_what_is_counted_and_not_timed_is_the_same_everywhere(measured):
    _, results = measured
    assert results["lone"]["no_op_round_trips"] == 1
    assert 100 < results["lone"]["no_op_bytes"] <= 400
    assert results["bulk"]["wire_bytes_each"] < results["lone"]["wire_bytes_each"]


def test_the_table_sets_every_budget_beside_its_figure(measured):
    _, results = measured
    table = markdown(results, PLAN.vouchers)
    assert table.count("within") + table.count("over") >= len(BUDGETS)
    assert all(line.what in table for line in BUDGETS)


def test_a_process_that_fails_is_named(tmp_path):
    process = Process(tmp_path / "nothing")
    try:
        with pytest.raises(Failed, match="the process that had to weigh ended"):
            process.ask("weigh")
    finally:
        process.close()


def test_an_address_where_nobody_is_fails_the_measurement(tmp_path):
    make(tmp_path / "made", Plan(vouchers=5, runs=1), bulk=False)
    with two_ends(tmp_path / "made", tmp_path / "run") as (_, branch), pytest.raises(Failed, match="sync"):
        branch.ask("sync", address="127.0.0.1:9")


def test_quantiles_are_of_the_values_themselves():
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.99) == 4.0
    assert quantile([5.0], 0.5) == 5.0


def test_a_budget_is_a_bound_on_one_side():
    more, less = BUDGETS[0], BUDGETS[-1]
    assert is_within(more, more.budget)
    assert not is_within(more, more.budget - 1)
    assert is_within(less, less.budget)
    assert not is_within(less, less.budget + 1)


def test_a_simulation_is_measured():
    line = measure_simulation(branches=2, hours=0.2, seed=1)
    assert line["simulated_s"] == pytest.approx(720, abs=30)
    assert line["saves"] > 0
    assert line["simulated_s_a_s"] > 0
