"""TLS over loopback: who listens is proved, strangers get nothing, and no bytes on the port disturb anybody else."""

import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing
from cryptography import x509

from p2p.identity import DeviceKeys, device_id_of_certificate_untrusted
from p2p.transport import CONNECT_SECONDS_MAX, Connection, TlsNetwork, Unreachable, parse_address
from tests.p2p.copies import seeded

KEYS = DeviceKeys.generate(seeded("listener"))
SECONDS = 10


@asynccontextmanager
async def listening(greeting: bytes = b"welcome") -> AsyncIterator[str]:
    """A listener that greets everybody and says back what it hears, at the address that is given."""

    async def serve(connection: Connection, _address: str) -> None:
        await connection.stream.send_all(greeting)
        while data := await connection.stream.receive_some():
            await connection.stream.send_all(data)

    async with trio.open_nursery() as nursery:
        with trio.fail_after(SECONDS):
            address = await nursery.start(TlsNetwork().listen, "127.0.0.1:0", KEYS, serve)
        yield address
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def plain_listener(handler: Callable[[trio.SocketStream], Awaitable[object]]) -> AsyncIterator[str]:
    """Something else that listens on a port."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        nursery.start_soon(partial(trio.serve_listeners, handler, [listener]))
        yield f"127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


async def plain(address: str) -> trio.SocketStream:
    return await trio.open_tcp_stream(*parse_address(address))


async def all_of(stream: trio.abc.ReceiveStream) -> bytes:
    """What is said until the other side hangs up, however it does."""
    heard = b""
    try:
        async for data in stream:
            heard += data
    except trio.BrokenResourceError:
        return heard
    return heard


async def check_it_serves(address: str) -> None:
    """Whether somebody who means well is served as ever."""
    with trio.fail_after(SECONDS):
        connection = await TlsNetwork().dial(address)
        assert connection.listener == KEYS.id
        assert await connection.stream.receive_some() == b"welcome"
        await connection.stream.send_all(b"are you there?")
        assert await connection.stream.receive_some() == b"are you there?"
        await trio.aclose_forcefully(connection.stream)


# -- both mean well -------------------------------------------------------------------------------------------------


async def test_the_dialer_learns_who_listens_and_both_hear_each_other():
    async with listening() as address:
        await check_it_serves(address)


async def test_bytes_are_counted_at_the_socket_on_both_sides():
    counted: list[Connection] = []
    done = trio.Event()

    async def serve(connection: Connection, _address: str) -> None:
        counted.append(connection)
        await connection.stream.send_all(await connection.stream.receive_some())
        done.set()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        address = await nursery.start(TlsNetwork().listen, "127.0.0.1:0", KEYS, serve)
        with trio.fail_after(SECONDS):
            connection = await TlsNetwork().dial(address)
            await connection.stream.send_all(b"x" * 1000)
            await connection.stream.receive_some()
            await done.wait()
        (other,) = counted
        assert connection.traffic.sent == other.traffic.received
        assert connection.traffic.received == other.traffic.sent
        assert 1000 < connection.traffic.sent < 3000
        assert other.listener == connection.listener == KEYS.id
        await trio.aclose_forcefully(connection.stream)
        nursery.cancel_scope.cancel()


async def test_only_tls_1_3_is_spoken():
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    async with listening() as address:
        secured = trio.SSLStream(await plain(address), old, https_compatible=True)
        with trio.fail_after(SECONDS), pytest.raises(trio.BrokenResourceError):
            await secured.do_handshake()
        await trio.aclose_forcefully(secured)
        await check_it_serves(address)


async def test_the_certificate_says_nothing_but_the_key():
    async with listening() as address:
        host, port = parse_address(address)
        pem = await trio.to_thread.run_sync(ssl.get_server_certificate, (host, port))
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert device_id_of_certificate_untrusted(ssl.PEM_cert_to_DER_cert(pem)) == KEYS.id
    assert not list(certificate.extensions)
    assert [one.value for one in certificate.subject] == [one.value for one in certificate.issuer]


async def hang_up(connection: Connection, _address: str) -> None:
    await trio.aclose_forcefully(connection.stream)


async def test_a_port_that_is_taken_and_an_address_that_is_not_ours_say_so():
    async with listening() as address:
        for taken in (address, "203.0.113.1:7420"):
            with pytest.raises(Unreachable, match="cannot listen on"):
                await TlsNetwork().listen(taken, KEYS, hang_up)


# -- dialling what is no khata device -------------------------------------------------------------------------------


async def test_nobody_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with trio.fail_after(SECONDS), pytest.raises(Unreachable, match="nobody listens at"):
            await TlsNetwork().dial(f"127.0.0.1:{port}")


async def test_a_port_that_nobody_can_listen_at():
    with trio.fail_after(SECONDS), pytest.raises(Unreachable, match="nobody listens at"):
        await TlsNetwork().dial("127.0.0.1:0")


# -- strangers at the listener --------------------------------------------------------------------------------------

HELLO_BEGUN = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)
STRANGERS = {
    "nothing": b"",
    "plain HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a frame of a gigabyte": (1 << 30).to_bytes(4, "big") + b"\x92\xa5proof",
    "random bytes": seeded("noise")(4000),
    "zeros": bytes(70_000),
    "half a TLS hello": HELLO_BEGUN,
    "a TLS record that is too long": b"\x16\x03\x03\xff\xff" + bytes(70_000),
    "a TLS alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "TLS data before a handshake": b"\x17\x03\x03\x00\x20" + bytes(32),
}


@pytest.mark.parametrize("data", STRANGERS.values(), ids=STRANGERS)
async def test_a_stranger_gets_an_alert_at_most_and_nobody_else_notices(data):
    async with listening() as address:
        stranger = await plain(address)
        try:
            await stranger.send_all(data)
            await stranger.send_eof()
        except trio.BrokenResourceError:
            data = b"hung up before all was said"
        with trio.fail_after(SECONDS):
            heard = await all_of(stranger)
        assert len(heard) <= 7, "an alert is 5 bytes of record and 2 of alert"
        await trio.aclose_forcefully(stranger)
        await check_it_serves(address)


async def test_a_port_scanner_is_nobodys_business():
    async with listening() as address:
        for number in range(60):
            stranger = await plain(address)
            if number % 2:
                # Close with a reset instead of a goodbye.
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await trio.aclose_forcefully(stranger)
        await check_it_serves(address)


async def test_half_open_connections_hold_up_nobody():
    async with listening() as address:
        strangers = [await plain(address) for _ in range(40)]
        for stranger in strangers[::2]:
            await stranger.send_all(HELLO_BEGUN)
        await check_it_serves(address)
        for stranger in strangers:
            await trio.aclose_forcefully(stranger)


async def test_who_does_not_finish_the_handshake_is_hung_up_on(mock_clock):
    async with listening() as address:
        strangers = [await plain(address) for _ in range(3)]
        await strangers[1].send_all(HELLO_BEGUN)
        await trio.testing.wait_all_tasks_blocked(0.05)
        mock_clock.jump(CONNECT_SECONDS_MAX + 1)
        for stranger in strangers:
            assert await all_of(stranger) == b""
            await trio.aclose_forcefully(stranger)
        mock_clock.rate = 1
        await check_it_serves(address)


async def test_who_breaks_off_in_the_middle_of_a_conversation_disturbs_nobody():
    async with listening() as address:
        for _ in range(5):
            raw = await plain(address)
            secured = trio.SSLStream(raw, TlsNetwork()._client, https_compatible=True)
            await secured.do_handshake()
            await secured.send_all(b"hello")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await trio.aclose_forcefully(raw)
        await check_it_serves(address)


async def test_damage_on_the_line_is_noticed_and_ends_the_connection():
    """A man in the middle can cut a connection; he cannot change a bit of what is said."""

    async def relay(stream: trio.SocketStream) -> None:
        async with stream, await plain(real) as onward, trio.open_nursery() as nursery:
            nursery.start_soon(pump, stream, onward, False)
            await pump(onward, stream, True)
            nursery.cancel_scope.cancel()

    async def pump(source: trio.SocketStream, target: trio.SocketStream, damaging: bool) -> None:
        passed = 0
        async for data in source:
            passed += len(data)
            changed = bytes([data[-1] ^ 1]) if damaging and established else data[-1:]
            await target.send_all(bytes(data[:-1]) + changed)

    established = False
    async with listening(b"") as real, plain_listener(relay) as address:
        with trio.fail_after(SECONDS):
            connection = await TlsNetwork().dial(address)
            await connection.stream.send_all(b"one")
            assert await connection.stream.receive_some() == b"one"
            established = True
            await connection.stream.send_all(b"two")
            with pytest.raises(trio.BrokenResourceError):
                await connection.stream.receive_some()
            await trio.aclose_forcefully(connection.stream)


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.20:7421", ("192.168.1.20", 7421)),
        ("192.168.1.20", ("192.168.1.20", 7420)),
        ("pune.example.org:1", ("pune.example.org", 1)),
        ("pune", ("pune", 7420)),
        ("[fe80::1]:65535", ("fe80::1", 65535)),
        ("[::1]", ("::1", 7420)),
    ],
)
def test_an_address_is_host_and_port(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", ":", ":7420", "pune:", "pune:x", "pune:-1", "pune:65536", "pune:7420:", "pune:1.5"]
)
def test_what_is_no_address_says_how_one_is_written(text):
    with pytest.raises(Unreachable, match="HOST:PORT"):
        parse_address(text)
