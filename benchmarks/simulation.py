"""`python -m benchmarks.simulation`: how much faster than the clock on the wall a simulation runs."""

import argparse
import json
import time
from statistics import median
from typing import Any

from simulations.running import run
from simulations.scenario import Branch, Scenario

Json = dict[str, Any]
_CODES = ("HO", "PUN", "NAG", "SUR", "KOC", "SAL", "AGR", "DEL", "BHU", "GOA", "IND", "PAT")


def ordinary(branches: int, hours: float) -> Scenario:
    """So many branches of one device, all switched on and connected, with the work that goes without saying."""
    return Scenario(
        title="An ordinary day",
        about="How fast is it played?",
        lasts=f"{hours}h",
        branches=tuple(Branch(name=f"Branch {code}", code=code) for code in _CODES[:branches]),
    )


def measure(branches: int, hours: float, seed: int) -> Json:
    """Run it once."""
    began, computed = time.perf_counter(), time.process_time()
    story = run(ordinary(branches, hours), seed, "ordinary")
    wall, cpu = time.perf_counter() - began, time.process_time() - computed
    if story.violations:
        raise RuntimeError(f"seed {seed} failed: {story.violations[0].text}")
    return {
        "branches": branches,
        "simulated_s": story.ended / 1000,
        "wall_s": wall,
        "cpu_s": cpu,
        "simulated_s_a_s": story.ended / 1000 / wall,
        "saves": story.counted["saves"],
    }


def main() -> None:
    """Measure and print one line of JSON for each run, then the medians."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--branches", type=int, default=10)
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    lines = [measure(options.branches, options.hours, seed) for seed in range(1, options.runs + 1)]
    for line in [*lines, {"median": True} | {name: median(line[name] for line in lines) for name in lines[0]}]:
        print(json.dumps({name: round(value, 2) for name, value in line.items()}), flush=True)


if __name__ == "__main__":
    main()
