"""Where the disks of a run lie: in memory where there is room, for they are written to without a pause."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")
_ROOM_BYTES: Final = 1 << 30
"""So much has to be free in memory; on small machines and in containers there is less."""
_within: list[Path] = []


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a new folder for a `with`, at whose end it is removed."""
    place = _within[-1] if _within else _memory()
    return tempfile.TemporaryDirectory(prefix="khata-", dir=place)


def keep_within(folder: Path) -> None:
    """Let all that this process makes from now on lie in a folder that another one removes, however this one ends."""
    _within.append(folder)


def _memory() -> Path | None:
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES else None
