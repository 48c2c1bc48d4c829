"""What a relay may never hold: plaintext of the books, and keys that open them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from simulations.oracle.keys import Keys


def leaked(path: Path, keys: Keys, secrets: Iterable[str]) -> Iterator[str]:
    """What lies in a relay's files in the clear, each in words.

    Args:
        path: the relay's folder, or its database.
        secrets: names, narrations and amounts that only members may read.

    Cost: reads every byte for each secret; 1 ms for ten secrets and a megabyte.
    """
    files = [one for one in sorted(path.rglob("*")) if one.is_file()] if path.is_dir() else _with_log(path)
    for file in files:
        data = file.read_bytes()
        for opens, key in keys.secret():
            if key in data:
                yield f"{file.name} holds the key of {opens}"
        for secret in secrets:
            if secret.encode() in data:
                yield f"{file.name} holds {secret!r} in the clear"


def _with_log(path: Path) -> list[Path]:
    return [one for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()]
