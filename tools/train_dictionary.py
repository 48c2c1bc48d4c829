"""Trains the zstd dictionary that commits are packed with, on invented vouchers and masters.

A dictionary that was released is never trained again: give the new one the next version, and raise `VERSION` in
`p2p/dictionary/__init__.py`. Run as `python -m tools.train_dictionary VERSION`.
"""

import argparse
from pathlib import Path
from statistics import mean

import msgspec
import zstandard

from p2p.packed import LEVEL
from tools.sample_saves import Samples

FOLDER = Path(__file__).parents[1] / "p2p" / "dictionary"
DICTIONARY_BYTES = 12 * 1024
COMMITS = 10_000
PRIVATE_ID = 0x8000
"""Dictionary ids from here on are for private use; frames do not carry them, the content's first byte does it."""


def contents(first_seed: int, count: int) -> list[bytes | bytearray | memoryview]:
    """Return what commits hold before it is packed, each of a business of its own, so that no id is learned."""
    commits = (next(Samples(first_seed + number).commits(1)) for number in range(count))
    return [msgspec.msgpack.encode(items) for items in commits]


def main() -> None:
    """Train and write one version, and show what it saves on vouchers it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", type=int, help="1 to 255, never one that was released")
    version = parser.parse_args().version
    path = FOLDER / f"commits-{version}.zdict"
    if path.exists():
        parser.error(f"{path} exists; commits are packed with it, so choose the next version")
    samples = contents(1_000_000, COMMITS)
    dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples, dict_id=PRIVATE_ID + version, level=LEVEL)
    path.write_bytes(dictionary.as_bytes())
    vouchers = [msgspec.msgpack.encode([Samples(seed).voucher(2)]) for seed in range(1000, 1500)]
    for name, used in (("without", None), ("with", dictionary)):
        engine = zstandard.ZstdCompressor(level=LEVEL, dict_data=used, write_dict_id=False)
        print(f"a lone voucher {name} it: {mean(len(engine.compress(voucher)) for voucher in vouchers):.0f} bytes")


if __name__ == "__main__":
    main()
