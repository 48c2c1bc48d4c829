"""Relays over real TLS on loopback: their folders, their nodes, and companies that use them."""

from pathlib import Path

from p2p.identity import DeviceKeys
from p2p.introduction import Join
from p2p.limits import COMPANIES_PER_RELAY_MAX, QUOTA_BYTES
from p2p.node import Outcome
from p2p.relay_admission import admit_relay
from p2p.relay_home import RelayCard, RelayHome
from p2p.relay_invite import RelayTicket, offering
from p2p.relay_node import RelayNode
from p2p.replica import Replica
from p2p.transport import TlsNetwork
from tests.p2p.copies import seeded
from tests.p2p.nodes import At, Log, TurnedClock


class RelayAt:
    """A relay at work: its folder, its node and its log."""

    def __init__(self, path: Path, name: str = "Cloud", companies_max: int = COMPANIES_PER_RELAY_MAX) -> None:
        self.path = path
        self.log = Log()
        self.clock = TurnedClock()
        if not path.exists():
            RelayHome.make(path, RelayCard(name), seeded(name)).close()
        self.home = RelayHome(path, 0, companies_max)
        self.keys: DeviceKeys = self.home.keys
        self.node = RelayNode(self.home, TlsNetwork(), self.clock, self.log)

    def invite(self, address: str, quota_bytes: int = QUOTA_BYTES) -> RelayTicket:
        return self.home.invite([address], quota_bytes, 7, self.clock.now, seeded(f"{address} {self.clock.now}"))

    def copy_of(self, at: At) -> Replica:
        """What the relay holds of the company of a device."""
        found = self.home.copies.of(at.replica.company)
        assert found is not None, "the relay does not serve this company"
        return found


async def add_relay(office: At, ticket: RelayTicket) -> Outcome:
    """Admit a relay and show it the company, as `khata relay add` does."""
    admit_relay(office.replica, ticket, office.clock.now)
    return await show(office, ticket)


def offer_of(office: At, ticket: RelayTicket) -> Join:
    replica = office.replica
    return offering(ticket, office.keys, "Head Office", replica.company, replica.chain_head())


async def show(office: At, ticket: RelayTicket, address: str = "") -> Outcome:
    """Show a relay the company, with the invitation."""
    return await office.sync(address or ticket.addresses[0], offer_of(office, ticket), ticket.device)
