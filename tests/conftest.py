"""What every test run has in common: a clean environment and one Hypothesis profile."""

import os
import shutil
from pathlib import Path

from hypothesis import HealthCheck, settings

# No deadline and no complaint about slow data: the machine is shared, and a test that is slow once is not wrong.
settings.register_profile("default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
# For a night: pytest --hypothesis-profile=thorough
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=3_000)
settings.load_profile("default")


MEMORY = Path("/dev/shm")
ROOM_BYTES_MIN = 4 << 30


def pytest_configure() -> None:
    """Forget the books of whoever runs the tests: no test may ever open them.

    The many processes that tests start read what Python has compiled for the first of them. Books lie in memory where
    there is room, for every voucher waits for the disk: tests kill processes, and what those wrote the system keeps
    either way. That a power cut loses nothing no test could show; that is SQLite's word.
    """
    os.environ.pop("KHATA_BOOKS", None)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES_MIN:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
