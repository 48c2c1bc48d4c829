"""`/metrics` and `/health` over plain HTTP on an address of their own: only to read, one answer a connection."""

import json
from collections.abc import Callable
from typing import Final, NamedTuple

import trio

from p2p.transport import Unreachable, parse_address

REQUEST_BYTES_MAX: Final = 4096
ANSWER_SECONDS_MAX: Final = 5.0
ASKED_AT_ONCE_MAX: Final = 8
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Page(NamedTuple):
    """One answer: status, content type and body."""

    status: str
    kind: str
    body: bytes


Answer = Callable[[str], Page | None]
"""The page at a path; None where there is none."""


def json_page(value: object, status: str = "200 OK") -> Page:
    """A value as a page of JSON."""
    return Page(status, "application/json", json.dumps(value, indent=1).encode() + b"\n")


def text_page(body: bytes) -> Page:
    """Text for Prometheus."""
    return Page("200 OK", _TEXT, body)


async def serve_pages(
    address: str, answer: Answer, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
) -> None:
    """Answer GET requests until cancelled; reports the address listened on.

    Raises:
        Unreachable: the address cannot be listened on.
    """
    host, port = parse_address(address)
    try:
        listeners = await trio.open_tcp_listeners(port, host=host)
    except OSError as error:
        raise Unreachable(f"cannot listen on {address} for metrics: {error.strerror or error}") from error
    room = trio.CapacityLimiter(ASKED_AT_ONCE_MAX)

    async def one(stream: trio.SocketStream) -> None:
        async with stream:
            try:
                with trio.move_on_after(ANSWER_SECONDS_MAX):
                    async with room:
                        await stream.send_all(_reply(_page(await _request(stream), answer)))
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return

    task_status.started(f"{host}:{listeners[0].socket.getsockname()[1]}")
    await trio.serve_listeners(one, listeners)


async def _request(stream: trio.SocketStream) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and len(data) <= REQUEST_BYTES_MAX:
        more = bytes(await stream.receive_some(REQUEST_BYTES_MAX))
        if not more:
            break
        data += more
    return data


def _page(request: bytes, answer: Answer) -> Page:
    words = request.partition(b"\r\n")[0].decode("ascii", "replace").split(" ")
    if len(words) != 3 or len(request) > REQUEST_BYTES_MAX or not words[2].startswith("HTTP/1."):
        return Page("400 Bad Request", _TEXT, b"say GET /health or GET /metrics\n")
    if words[0] != "GET":
        return Page("405 Method Not Allowed", _TEXT, b"only GET is answered here\n")
    return answer(words[1].partition("?")[0]) or Page("404 Not Found", _TEXT, b"there are /metrics and /health\n")


def _reply(page: Page) -> bytes:
    head = f"HTTP/1.1 {page.status}\r\nContent-Type: {page.kind}\r\nContent-Length: {len(page.body)}\r\n"
    return f"{head}Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n".encode() + page.body
