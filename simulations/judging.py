"""Looking at a run from outside: whether all are in sync, and whether everything that has to hold holds."""

from typing import Final

import trio

from simulations.device import Device
from simulations.world import World

_CHECK_SECONDS: Final = 1800.0
_QUIET_MS: Final = 30_000


class Judge:
    """Who looks at a run."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def keep_looking(self) -> None:
        """Check what holds at every moment, again and again, until cancelled."""
        while True:
            await trio.sleep(_CHECK_SECONDS)
            self.check()

    def check(self) -> None:
        """Check what holds at every moment."""

    def all_in_sync(self) -> bool:
        """Whether everybody who is to be in sync says so, and is."""
        return self._all_say_so()

    def at_the_end(self, in_sync: bool) -> None:
        """Check what has to hold when all was healed and had its time."""
        if not in_sync:
            self._world.setting.log.violated(
                "all are in sync in time",
                f"not in sync within {self._world.scenario.expect.in_sync_within} after everything was healed: "
                + "; ".join(self._not_in_sync()),
            )

    def _all_say_so(self) -> bool:
        return not self._world.joining and not self._not_in_sync()

    def _not_in_sync(self) -> list[str]:
        found = []
        for device in self._devices():
            node = device.node
            if node is None:
                found.append(f"{device.name} is not running")
            elif not node.conversations:
                found.append(f"{device.name} is in touch with nobody")
            else:
                found += [
                    f"{device.name} is not in sync with {device.name_of(one.peer or b'')}"
                    for one in node.conversations
                    if not one.session.in_sync
                ]
        return found

    def _devices(self) -> list[Device]:
        world = self._world
        return [one for one in world.devices.values() if not one.is_gone and one.name not in world.revoked]
