"""Devices of the company on the local network: what they show there, and who is seen. Hints, never trust.

A device shows a service `_khata._tcp.local.` with two words: a hash that says the company to those who know its id,
and the first bytes of its device id. Both are the same in every place it is in; `docs/threats.md` says what that tells.
The library works in threads of its own; what they see is handed to the node's loop, and more than that is dropped.
"""

import hashlib
import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import Final

import ifaddr
import trio
import zeroconf

from p2p.identity import AUTHOR_BYTES
from p2p.limits import ADDRESSES_PER_DEVICE_MAX, NEARBY_DEVICES_MAX
from p2p.transport import parse_address

SERVICE: Final = "_khata._tcp.local."
COMPANY: Final = "c"
DEVICE: Final = "d"
COMPANY_HASH_BYTES: Final = 8
RESOLVE_MS: Final = 3000
_ANYWHERE: Final = ("0.0.0.0", "::", "")
_FAULTS: Final = (OSError, ValueError, RuntimeError, zeroconf.Error)
"""All that looking up a name and the library raise: no multicast here, no such interface, a name that others have."""

Nearby = Mapping[bytes, tuple[str, ...]]
"""Addresses by the first bytes of a device id."""


def company_word(company: bytes) -> str:
    """What a device shows of its company: nothing to whoever does not know the company id, which is a hash itself."""
    return hashlib.sha256(b"khata nearby 1" + company).digest()[:COMPANY_HASH_BYTES].hex()


def shown(company: bytes, device: bytes, hosts: list[str], port: int) -> zeroconf.ServiceInfo:
    """The record of this device.

    Args:
        device: its id, 32 bytes.
        hosts: the addresses it listens at.
    """
    short = device[:AUTHOR_BYTES].hex()
    return zeroconf.ServiceInfo(
        SERVICE,
        f"{short}.{SERVICE}",
        port=port,
        properties={COMPANY: company_word(company), DEVICE: short},
        parsed_addresses=hosts,
        server=f"khata-{short}.local.",
    )


def read_untrusted(info: zeroconf.ServiceInfo, company: bytes, me: bytes) -> tuple[bytes, tuple[str, ...]] | None:
    """Which device of our company a record shows and where; None when it is none, is this one, or is nonsense."""
    words = info.decoded_properties
    if words.get(COMPANY) != company_word(company):
        return None
    try:
        device = bytes.fromhex(words.get(DEVICE) or "")
    except ValueError:
        return None
    if len(device) != AUTHOR_BYTES or device == me[:AUTHOR_BYTES] or not 0 < (info.port or 0) < 65536:
        return None
    hosts = sorted(set(info.parsed_addresses()))[:ADDRESSES_PER_DEVICE_MAX]
    return device, tuple(f"[{host}]:{info.port}" if ":" in host else f"{host}:{info.port}" for host in hosts)


def interfaces_of(listen: str) -> list[str] | zeroconf.InterfaceChoice:
    """On which interfaces to show and look: the one that is listened on, all when it is any address.

    Raises:
        Unreachable: it is no address.
        OSError, ValueError: it is a name that leads to none.
    """
    host = _host_of(listen)
    return zeroconf.InterfaceChoice.All if host in _ANYWHERE else [host]


def hosts_of(listen: str) -> list[str]:
    """The addresses to show for an address that is listened on: it, or all of this machine but loopback."""
    host = _host_of(listen)
    if host not in _ANYWHERE:
        return [host]
    found = [str(one.ip) for adapter in ifaddr.get_adapters() for one in adapter.ips if one.is_IPv4]
    return [one for one in found if not ipaddress.ip_address(one).is_loopback]


def _host_of(listen: str) -> str:
    """The address in numbers, as the library wants it; a name is looked up."""
    host, _ = parse_address(listen)
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])


def _asked(library: zeroconf.Zeroconf, service_type: str, name: str) -> zeroconf.ServiceInfo | None:
    """The record of a name; None when nobody answers or the library is stuck: its thread has to live to see others."""
    try:
        return library.get_service_info(service_type, name, RESOLVE_MS)
    except _FAULTS:
        return None


class Lan:
    """This device on the local network, from `open` to `close`, both of which block for seconds.

    Args:
        company: its id, 32 bytes.
        me: device id of this device, 32 bytes.
        listen: where it listens, HOST:PORT.
    """

    def __init__(self, company: bytes, me: bytes, listen: str) -> None:
        self._company = company
        self._me = me
        self._listen = listen
        self._found: dict[str, tuple[bytes, tuple[str, ...]]] = {}
        self._zeroconf: zeroconf.Zeroconf | None = None
        self._browser: zeroconf.ServiceBrowser | None = None
        self._closing = False
        self._tell: Callable[[Nearby], None] = lambda _nearby: None

    def open(self, tell: Callable[[Nearby], None]) -> None:
        """Show this device and look for others.

        Args:
            tell: takes who is seen whenever that changes; called in a thread of the library.

        Raises:
            OSError: this network allows no multicast, or what is listened on is a name that leads nowhere.
            ValueError, RuntimeError, zeroconf.Error: the library cannot begin there.
        """
        self._tell = tell
        self._zeroconf = zeroconf.Zeroconf(interfaces=interfaces_of(self._listen), ip_version=zeroconf.IPVersion.V4Only)
        _, port = parse_address(self._listen)
        info = shown(self._company, self._me, hosts_of(self._listen), port)
        self._zeroconf.register_service(info, allow_name_change=True)
        self._browser = zeroconf.ServiceBrowser(self._zeroconf, SERVICE, handlers=[self._on_change])

    def close(self) -> None:
        """Stop looking, and say that this device is gone.

        The library does not end a browser with the rest: its thread would ask a loop that is gone. Cancelling waits
        for the one name that is being asked for, and what was queued behind it is passed over.
        """
        self._closing = True
        if self._browser is not None:
            self._browser.cancel()
        if self._zeroconf is not None:
            self._zeroconf.close()

    def _on_change(
        self,
        zeroconf: zeroconf.Zeroconf,
        service_type: str,
        name: str,
        state_change: zeroconf.ServiceStateChange,
    ) -> None:
        if self._closing:
            return
        before = self.nearby
        if state_change.name == "Removed":
            self._found.pop(name, None)
        elif name in self._found or len(self._found) < NEARBY_DEVICES_MAX:
            info = _asked(zeroconf, service_type, name)
            found = read_untrusted(info, self._company, self._me) if info is not None else None
            if found is not None:
                self._found[name] = found
        if self.nearby != before:
            self._tell(self.nearby)

    @property
    def nearby(self) -> Nearby:
        """Who is seen now."""
        merged: dict[bytes, tuple[str, ...]] = {}
        for device, addresses in sorted(self._found.values()):
            merged[device] = tuple(dict.fromkeys([*merged.get(device, ()), *addresses]))[:ADDRESSES_PER_DEVICE_MAX]
        return merged


async def look_around(lan: Lan, sees: Callable[[Nearby], None], failed: Callable[[str], None]) -> None:
    """Show this device on the local network and tell who else is there, until cancelled.

    Args:
        sees: takes who is seen, in this loop.
        failed: takes the sentence when this network allows it not.
    """
    token = trio.lowlevel.current_trio_token()

    def hand_over(nearby: Nearby) -> None:
        try:
            token.run_sync_soon(sees, nearby)
        except trio.RunFinishedError:
            return

    try:
        await trio.to_thread.run_sync(lan.open, hand_over)
        await trio.sleep_forever()
    except _FAULTS as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        failed(f"the local network cannot be looked at: {why}; name addresses with --peer")
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(lan.close)
