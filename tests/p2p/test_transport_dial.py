"""A dial that fails says why, and leaves no socket open."""

import os

import pytest
import trio

from p2p.transport import CONNECT_SECONDS_MAX, TlsNetwork, Unreachable
from tests.p2p.test_transport import SECONDS, plain_listener


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x16\x03\x03\xff\xff", os.urandom(500), b""],
)
async def test_something_else_that_listens_there(said):
    async def speak(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(said)

    async with plain_listener(speak) as address:
        with trio.fail_after(SECONDS), pytest.raises(Unreachable, match="nobody listens at"):
            await TlsNetwork().dial(address)


async def test_somebody_who_accepts_and_says_nothing(mock_clock):
    called = trio.Event()

    async def say_nothing(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        called.set()
        await trio.sleep_forever()

    async def dial(address: str) -> None:
        with pytest.raises(Unreachable, match="does not answer"):
            await TlsNetwork().dial(address)
        over.set()

    over = trio.Event()
    async with plain_listener(say_nothing) as address, trio.open_nursery() as nursery:
        nursery.start_soon(dial, address)
        await called.wait()
        assert not over.is_set()
        mock_clock.jump(CONNECT_SECONDS_MAX + 1)
        await over.wait()


@pytest.mark.parametrize("name", ["a" * 70 + ":1", "a..b:1", "pune:²", "pune:٣", "::1"])
async def test_addresses_that_no_name_server_would_take_are_unreachable(name):
    with trio.fail_after(SECONDS), pytest.raises(Unreachable):
        await TlsNetwork().dial(name)


async def test_a_server_with_another_kind_of_certificate_is_unreachable():
    import datetime
    import ssl
    import tempfile

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=9999))
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as pem:
        pem.write(cert.public_bytes(serialization.Encoding.PEM))
        pem.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        pem.flush()
        context.load_cert_chain(pem.name)

    async def serve(stream):
        secured = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        await secured.do_handshake()
        await secured.receive_some()

    async with plain_listener(serve) as address:
        with trio.fail_after(SECONDS), pytest.raises(Unreachable):
            await TlsNetwork().dial(address)
