"""Runs a scenario with the seeds 1, 2, 3 … up to the first that fails, and says what was seen, as JSON."""

import sys
import time

import msgspec

import crdt_models
import khata
import p2p
from simulations.choosing import chosen
from tests.simulations.seen import Seen


def main(scenario: str, seeds: int) -> None:
    what, began = chosen(scenario), time.process_time()
    for seed in range(1, seeds + 1):
        violations = what.run(seed).violations
        if violations or seed == seeds:
            seconds = time.process_time() - began
            places = tuple(str(package.__file__) for package in (crdt_models, p2p, khata))
            checks, texts = tuple(one.check for one in violations), tuple(one.text[:400] for one in violations)
            sys.stdout.write(msgspec.json.encode(Seen(seed, checks, texts, seconds, places)).decode())
            return


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
