"""A relay in a simulation: the production relay on a folder of its own."""

from typing import Final

import trio

from p2p.identity import DeviceKeys
from p2p.limits import QUOTA_BYTES
from p2p.relay_home import RelayCard, RelayHome, is_relay
from p2p.relay_invite import RelayTicket
from p2p.relay_node import RelayNode
from p2p.store import Store
from simulations.device import WATCH_SECONDS, Machine, Setting, inline

_KEEP_DAYS: Final = 30
_TICKET_DAYS: Final = 7


class Relay(Machine):
    """A relay that is always on, unless something happens to it."""

    def __init__(self, setting: Setting, name: str) -> None:
        super().__init__(setting, name, "", DeviceKeys(bytes(32), bytes(32)))
        if not is_relay(self.folder):
            RelayHome.make(self.folder, RelayCard(name, (self.address,)), self.random.randbytes).close()
        self.keys = DeviceKeys.load(self.folder / "device.key")
        self.home: RelayHome | None = None

    def invite(self) -> RelayTicket:
        """An invitation for one company."""
        assert self.home is not None
        return self.home.invite([self.address], QUOTA_BYTES, _TICKET_DAYS, self.clock.now_ms(), self.random.randbytes)

    async def _run(self, task_status: trio.TaskStatus[None]) -> None:
        self.home = RelayHome(self.folder, 0, random=self.random.randbytes, opened=self.opened)
        self.node = node = RelayNode(
            self.home, self.network, self.clock, self.told, inline, self.random.randbytes, WATCH_SECONDS
        )
        async with trio.open_nursery() as nursery:
            async with trio.open_nursery() as serving:
                await serving.start(node.serve, self.address)
                nursery.start_soon(node.keep_reporting)
                nursery.start_soon(node.keep_tidy, _KEEP_DAYS)
                task_status.started()
            nursery.cancel_scope.cancel()

    def stores(self) -> list[Store]:
        """The stores of the companies that it serves."""
        return [replica.store for replica in self.home.copies] if self.home is not None else []

    def name_of(self, device: bytes) -> str:
        """What people call a device of a company that it serves."""
        copies = self.home.copies if self.home is not None else ()
        members = (replica.chain.member(device) for replica in copies)
        return next((member.name for member in members if member is not None), super().name_of(device))

    def _close(self) -> None:
        if self.home is not None:
            self.home.close()
        self.home = None
