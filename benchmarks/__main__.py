"""`python -m benchmarks`: measure, print one line of JSON for each measurement, then the table against the budgets."""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measures import EDITS, LIVE, Plan, floor, make, run_bulk, run_lone
from benchmarks.table import markdown, middle

Json = dict[str, Any]
_RUNNERS: dict[str, Callable[[Path, Path, Plan], Json]] = {"lone": run_lone, "bulk": run_bulk}


def measure(folder: Path, plan: Plan, say: Callable[[Json], None]) -> dict[str, Json]:
    """Run everything, turn by turn, so that a busy moment of the machine falls on all alike; give the medians."""
    runs: dict[str, list[Json]] = {name: [] for name in _RUNNERS}
    for name in _RUNNERS:
        make(folder / name, plan, bulk=name == "bulk")
    for turn in range(plan.runs):
        for name, run in _RUNNERS.items():
            result = run(folder / name, folder / f"{name}-{turn}", plan) | floor(folder / name)
            runs[name].append(result)
            say({"measure": name, "vouchers": plan.vouchers, "run": turn + 1, **result})
    return {name: middle(done) for name, done in runs.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--vouchers", type=int, default=10_000, help="how many the head office holds at first")
    parser.add_argument("--runs", type=int, default=3, help="how often; medians are shown")
    parser.add_argument("--edits", type=int, default=EDITS, help="how many vouchers both sides alter while apart")
    parser.add_argument("--live", type=int, default=LIVE, help="how many vouchers are entered while connected")
    options = parser.parse_args()
    plan = Plan(options.vouchers, options.runs, options.edits, options.live)
    with tempfile.TemporaryDirectory(prefix="khata-bench-") as folder:
        results = measure(Path(folder), plan, lambda line: print(json.dumps(_rounded(line)), flush=True))
    for name, result in results.items():
        print(json.dumps(_rounded({"measure": name, "vouchers": plan.vouchers, "run": "median", **result})))
    print()
    print(markdown(results, plan.vouchers))


def _rounded(line: Json) -> Json:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in line.items()}


if __name__ == "__main__":
    main()
