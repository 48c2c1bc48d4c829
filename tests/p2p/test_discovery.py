"""The local network: what a device shows there, what is taken from it, and two that see each other over loopback."""

import threading

import pytest
import trio
import zeroconf
from hypothesis import given
from hypothesis import strategies as st
from zeroconf._dns import DNSPointer
from zeroconf._protocol.outgoing import DNSOutgoing
from zeroconf.const import _CLASS_IN, _FLAGS_AA, _FLAGS_QR_RESPONSE, _TYPE_PTR

from p2p.discovery import (
    COMPANY,
    DEVICE,
    SERVICE,
    Lan,
    Nearby,
    company_word,
    hosts_of,
    interfaces_of,
    look_around,
    read_untrusted,
    shown,
)
from p2p.limits import ADDRESSES_PER_DEVICE_MAX
from tests.p2p.nodes import SECONDS

COMPANY_ID, ME, OTHER = b"c" * 32, b"\x01" * 32, b"\x02" * 32


def record(properties: dict[str, str | bytes], port: int = 7420, hosts: tuple[str, ...] = ("192.0.2.7",)):
    return zeroconf.ServiceInfo(SERVICE, f"x.{SERVICE}", port=port, properties=properties, parsed_addresses=list(hosts))


def test_a_device_of_the_company_is_seen_with_its_addresses():
    info = shown(COMPANY_ID, OTHER, ["192.0.2.7", "192.0.2.8"], 7420)
    assert read_untrusted(info, COMPANY_ID, ME) == (OTHER[:8], ("192.0.2.7:7420", "192.0.2.8:7420"))


def test_what_is_shown_names_nothing():
    info = shown(COMPANY_ID, OTHER, ["192.0.2.7"], 7420)
    assert info.decoded_properties == {COMPANY: company_word(COMPANY_ID), DEVICE: OTHER[:8].hex()}
    assert COMPANY_ID.hex()[:16] not in company_word(COMPANY_ID)
    assert OTHER.hex() not in str(info)


@pytest.mark.parametrize(
    "info",
    [
        shown(b"another company" + bytes(17), OTHER, ["192.0.2.7"], 7420),
        shown(COMPANY_ID, ME, ["192.0.2.7"], 7420),
        record({}),
        record({COMPANY: company_word(COMPANY_ID)}),
        record({COMPANY: company_word(COMPANY_ID), DEVICE: "zz"}),
        record({COMPANY: company_word(COMPANY_ID), DEVICE: "02" * 7}),
        record({COMPANY: company_word(COMPANY_ID), DEVICE: "02" * 8}, port=0),
    ],
)
def test_everything_else_is_passed_over(info):
    assert read_untrusted(info, COMPANY_ID, ME) is None


@given(st.dictionaries(st.sampled_from([COMPANY, DEVICE, "x"]), st.binary(max_size=40)))
def test_no_record_does_harm(properties):
    assert read_untrusted(record(properties), COMPANY_ID, ME) is None


def test_a_record_of_very_many_addresses_is_cut():
    hosts = tuple(f"192.0.2.{number}" for number in range(1, 30))
    found = read_untrusted(record({COMPANY: company_word(COMPANY_ID), DEVICE: "02" * 8}, hosts=hosts), COMPANY_ID, ME)
    assert found is not None
    assert len(found[1]) == ADDRESSES_PER_DEVICE_MAX


def test_it_is_shown_on_what_is_listened_on_and_nowhere_else():
    assert interfaces_of("127.0.0.1:7420") == ["127.0.0.1"]
    assert hosts_of("192.0.2.1:7420") == ["192.0.2.1"]
    assert interfaces_of("localhost:7420") == hosts_of("localhost:7420") == ["127.0.0.1"]
    assert interfaces_of("0.0.0.0:7420") is zeroconf.InterfaceChoice.All
    assert "127.0.0.1" not in hosts_of("0.0.0.0:7420")


async def test_where_the_network_cannot_be_looked_at_it_is_said_and_nothing_ends():
    told: list[str] = []
    with trio.fail_after(SECONDS):
        await look_around(Lan(COMPANY_ID, ME, "a..b:7420"), lambda _nearby: None, told.append)
    (text,) = told
    assert text.startswith("the local network cannot be looked at: ")


async def test_two_devices_on_one_network_see_each_other():
    """With the real library, by multicast on loopback."""
    seen: dict[bytes, Nearby] = {}
    grew = [trio.Event()]

    def sees(me: bytes, nearby: Nearby) -> None:
        seen[me] = nearby
        grew[0].set()
        grew[0] = trio.Event()

    async with trio.open_nursery() as nursery:
        for me, port in ((ME, 7421), (OTHER, 7422)):
            lan = Lan(COMPANY_ID, me, f"127.0.0.1:{port}")
            nursery.start_soon(look_around, lan, lambda nearby, me=me: sees(me, nearby), pytest.fail)
        expected = {ME: {OTHER[:8]: ("127.0.0.1:7422",)}, OTHER: {ME[:8]: ("127.0.0.1:7421",)}}
        with trio.fail_after(2 * SECONDS):
            while seen != expected:
                await grew[0].wait()
        nursery.cancel_scope.cancel()


class Told(Lan):
    """Says when the library tells of a name, in its thread, before it is asked what that name is."""

    def __init__(self) -> None:
        super().__init__(COMPANY_ID, ME, "127.0.0.1:7423")
        self.told = threading.Event()

    def _on_change(
        self,
        zeroconf: zeroconf.Zeroconf,
        service_type: str,
        name: str,
        state_change: zeroconf.ServiceStateChange,
    ) -> None:
        self.told.set()
        super()._on_change(zeroconf, service_type, name, state_change)


async def test_leaving_while_a_name_is_asked_for_leaves_no_thread_behind():
    """Somebody shows a name and answers nothing about it; the device leaves while it asks."""
    stranger = zeroconf.Zeroconf(interfaces=["127.0.0.1"], ip_version=zeroconf.IPVersion.V4Only)
    announced = DNSOutgoing(_FLAGS_QR_RESPONSE | _FLAGS_AA)
    announced.add_answer_at_time(DNSPointer(SERVICE, _TYPE_PTR, _CLASS_IN, 120, f"nobody.{SERVICE}"), 0)
    lan = Told()
    try:
        with trio.fail_after(2 * SECONDS):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(look_around, lan, lambda _nearby: None, pytest.fail)
                while not lan.told.is_set():
                    stranger.send(announced)
                    await trio.to_thread.run_sync(lan.told.wait, 0.1)
                nursery.cancel_scope.cancel()
    finally:
        stranger.close()
    assert not [one.name for one in threading.enumerate() if "ServiceBrowser" in one.name]
