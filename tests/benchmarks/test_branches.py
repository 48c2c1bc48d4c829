"""The benchmark of many branches works: small numbers, no times asserted; that it ends means that all has come."""

from typing import Any

from benchmarks.branches import Many, measure, table

MANY = Many(branches=4, vouchers=3, visits=1, live=1, fresh=1)


def test_every_step_is_measured_and_a_device_in_sync_costs_one_round_trip(tmp_path):
    lines: list[dict[str, Any]] = []
    result = measure(tmp_path, MANY, lines.append)
    assert [line["step"] for line in lines] == ["deliver", "receive", "join", "live", "reconnect"]
    assert result["no_op_round_trips"] == 1
    assert 100 < result["no_op_bytes"] <= 400
    assert 100 < result["receive_bytes_each"] < 1_000
    assert all(result[name] > 0 for name in result if not name.endswith(("cpu_seconds", "cpu_ms")))
    shown = table(result)
    assert "4 branches, 3 vouchers each" in shown
    assert shown.count("\n| ") >= 12
