"""TLS 1.3 over TCP, pinned to device keys: the only networking a node sees is `Network`.

The listener shows its self-signed device certificate and the dialer takes the device id from it; who the dialer is, it
proves inside (`handshake`). There is no certificate authority, and nothing to rebuild when somebody is revoked.
"""

import errno
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import trio

from p2p.errors import P2PError, ProtocolError
from p2p.identity import DeviceKeys, device_id_of_certificate_untrusted

DEFAULT_PORT = 7420
CONNECT_SECONDS_MAX = 10


_no_host = re.compile(r"[\s/:@\[\]]")
"""What stands in a URL or beside an address, and in no name of a host."""


class Unreachable(P2PError):
    """Nobody answers at an address, or not in our language; the message says what to check."""


class Traffic:
    """Bytes that passed a socket, TLS included."""

    def __init__(self) -> None:
        self.received = 0
        self.sent = 0


class Connection(NamedTuple):
    """An encrypted stream; `listener` is the device id that the listening end has proved to hold."""

    stream: trio.abc.Stream
    listener: bytes
    traffic: Traffic


Handler = Callable[[Connection, str], Awaitable[None]]
"""What a listener does with a connection from an address."""


class Network(Protocol):
    """How a node reaches others; the simulator brings its own."""

    async def listen(self, address: str, keys: DeviceKeys, handler: Handler, task_status: trio.TaskStatus[str]) -> None:
        """Serve connections until cancelled; reports the address that it listens on."""

    async def dial(self, address: str) -> Connection:
        """Connect to an address. Raises `Unreachable`."""


class TlsNetwork:
    """TLS 1.3 over TCP."""

    def __init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        # The certificate is self-signed: the device id in it is compared with the one that is expected, by the session.
        context.verify_mode = ssl.CERT_NONE
        self._client = context

    async def listen(
        self,
        address: str,
        keys: DeviceKeys,
        handler: Handler,
        task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve connections until cancelled; reports the address that it listens on.

        Raises:
            Unreachable: the address cannot be listened on.
        """
        context = _server_context(keys)
        host, port = parse_address(address)

        async def serve(stream: trio.SocketStream) -> None:
            counted = _Counted(stream)
            secured = trio.SSLStream(counted, context, server_side=True, https_compatible=True)
            try:
                with trio.fail_after(CONNECT_SECONDS_MAX):
                    await secured.do_handshake()
                await handler(Connection(secured, keys.id, counted.traffic), _peer_of(stream))
            except (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError):
                # A stranger that is slow, hangs up or speaks something else is nobody's business.
                return
            finally:
                await trio.aclose_forcefully(stream)

        try:
            listeners = await trio.open_tcp_listeners(port, host=host)
        except OSError as error:
            raise Unreachable(f"cannot listen on {address}: {_not_ours(error)}") from error
        actual = listeners[0].socket.getsockname()
        task_status.started(f"{host}:{actual[1]}")
        await trio.serve_listeners(serve, listeners)

    async def dial(self, address: str) -> Connection:
        """Connect to an address.

        Raises:
            Unreachable: nobody answers there within 10 seconds, or what answers is no khata device.
        """
        host, port = parse_address(address)
        try:
            return await self._connect(host, port)
        except trio.TooSlowError as error:
            raise Unreachable(f"{address} does not answer; is it switched on and its port open?") from error
        except ProtocolError as error:
            raise Unreachable(f"what answers at {address} is no khata device: {error}") from error
        except (OSError, UnicodeError, trio.BrokenResourceError) as error:
            raise Unreachable(
                f"nobody listens at {address} ({_reason(error)}); is `khata serve` running there?"
            ) from error

    async def _connect(self, host: str, port: int) -> Connection:
        with trio.fail_after(CONNECT_SECONDS_MAX):
            stream = await trio.open_tcp_stream(host, port)
            try:
                counted = _Counted(stream)
                secured = trio.SSLStream(counted, self._client, server_hostname=None, https_compatible=True)
                await secured.do_handshake()
                certificate = secured.getpeercert(binary_form=True)
                return Connection(secured, device_id_of_certificate_untrusted(certificate or b""), counted.traffic)
            except BaseException:
                await trio.aclose_forcefully(stream)
                raise


def parse_address(address: str) -> tuple[str, int]:
    """Host and port of `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; the port is 7420 where none is named.

    Raises:
        Unreachable: it is not an address.
    """
    bare = address.removeprefix("[").removesuffix("]")
    if _is_ipv6(bare):
        host, port = bare, str(DEFAULT_PORT)
    else:
        host, separator, port = address.rpartition(":")
        host, port = (host, port) if separator else (address, str(DEFAULT_PORT))
        host = host.removeprefix("[").removesuffix("]")
    named = host and (_is_ipv6(host.partition("%")[0]) or not _no_host.search(host))
    if not named or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Unreachable(f"{address!r} is not an address; write HOST:PORT, such as 192.168.1.20:{DEFAULT_PORT}")
    return host, int(port)


def _not_ours(error: OSError) -> str:
    """Why an address cannot be listened on, and what to do."""
    if isinstance(error, socket.gaierror):
        return "nothing here goes by that name; name an address of this device, or 0.0.0.0 for all it has"
    if error.errno == errno.EADDRNOTAVAIL:
        return "that is no address of this device; name one that is, or 0.0.0.0 for all it has"
    if error.errno == errno.EACCES:
        return f"this user may not listen on that port; take one above 1023, such as {DEFAULT_PORT}"
    return f"{error.strerror or error}; is another `khata serve` running there?"


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _server_context(keys: DeviceKeys) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # No session tickets: a new connection proves itself anew, and a handshake sends nothing after it.
    context.num_tickets = 0
    # ssl reads certificates and keys from files only; this one has no name and is never on a disk.
    with os.fdopen(os.memfd_create("khata device", os.MFD_CLOEXEC), "wb") as pem:
        pem.write(keys.private_pem() + keys.certificate_pem())
        pem.flush()
        context.load_cert_chain(f"/proc/self/fd/{pem.fileno()}")
    return context


def _peer_of(stream: trio.SocketStream) -> str:
    try:
        host, port = stream.socket.getpeername()[:2]
    except OSError:
        return "somebody who has gone already"
    return f"{host}:{port}"


def _reason(error: Exception) -> str:
    cause: BaseException = error.__cause__ or error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[-1]
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and (cause.errno or 0) > 0:
        return os.strerror(cause.errno or 0)  # trio's own words repeat the address
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


class _Counted(trio.abc.Stream):
    """A stream that counts what passes."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self.traffic = Traffic()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)
        self.traffic.sent += len(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
        self.traffic.received += len(data)
        return data

    async def aclose(self) -> None:
        await self._stream.aclose()
