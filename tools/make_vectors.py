"""Writes the golden vectors of `tests/vectors`, once; a change of a vector is a change of the protocol.

Run as `python -m tools.make_vectors NAME …`; each vector is recomputed by the tests.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from p2p.identity import DeviceKeys, spell

FOLDER = Path(__file__).parents[1] / "tests" / "vectors"

Vector = dict[str, object]


def identity() -> list[Vector]:
    """Device ids, keys, spellings, signatures and certificates from fixed seeds."""
    vectors: list[Vector] = []
    for seed, seal_seed in [
        (bytes(32), bytes(32)),
        (bytes(range(32)), bytes(range(32, 64))),
        (b"\xff" * 32, b"\x01" * 32),
    ]:
        keys = DeviceKeys(seed, seal_seed)
        vectors.append(
            {
                "seed": seed.hex(),
                "seal_seed": seal_seed.hex(),
                "public": keys.public.hex(),
                "seal_public": keys.seal_public.hex(),
                "id": keys.id.hex(),
                "spelled": spell(keys.id),
                "signature": keys.sign(b"khata test 1", b"message").hex(),
                "certificate": keys.certificate().hex(),
            }
        )
    return vectors


MAKERS: dict[str, Callable[[], list[Vector]]] = {"identity": identity}


def main() -> None:
    """Write the vectors named on the command line."""
    for name in sys.argv[1:]:
        (FOLDER / f"{name}.json").write_text(json.dumps(MAKERS[name](), indent=1) + "\n")


if __name__ == "__main__":
    main()
