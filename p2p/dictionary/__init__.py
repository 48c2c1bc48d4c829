"""The zstd dictionaries commits are packed with, named by the version byte at the start of a commit's content.

A lone voucher is too short to compress by itself; a dictionary trained on generated vouchers and masters
(`tools/train_dictionary.py`) gives zstd what they have in common. A version once released stays here for ever, because
commits packed with it are kept for ever. Version 0 means no dictionary.
"""

from functools import cache
from importlib.resources import files
from typing import Final

import zstandard

VERSION: Final = 1
"""The version new commits are packed with."""


@cache
def load_dictionary(version: int) -> zstandard.ZstdCompressionDict | None:
    """Return the dictionary of a version, or None for version 0.

    Raises:
        LookupError: there is no such version here; a newer khata has it.
    """
    if not 0 <= version <= VERSION:
        raise LookupError(f"no dictionary {version}")
    if version == 0:
        return None
    return zstandard.ZstdCompressionDict(files(__name__).joinpath(f"commits-{version}.zdict").read_bytes())
