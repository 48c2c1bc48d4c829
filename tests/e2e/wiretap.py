"""A TCP proxy that keeps what it carries: what somebody on the line can read."""

import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any


class Wiretap:
    """Carries connections to an address, and keeps every byte of both directions.

    Args:
        target: `HOST:PORT` to carry them to.
    """

    def __init__(self, target: str) -> None:
        host, port = target.rsplit(":", 1)
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.carried: list[bytes] = []
        self.connections = 0

    @property
    def heard(self) -> bytes:
        """Everything that went over the line."""
        return b"".join(self.carried)

    def accept(self) -> None:
        """Carry every connection until the listener is closed, and end with the last of them."""
        carriers = []
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            carriers.append(Thread(target=self._carry, args=(near,)))
            carriers[-1].start()
        for carrier in carriers:
            carrier.join()

    def _carry(self, near: socket.socket) -> None:
        """Carry one connection both ways until both ends have hung up."""
        with near, socket.create_connection(self._target) as far, selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while selector.get_map():
                for key, _ in selector.select():
                    self._pass_on(selector, key.fileobj, key.data)

    def _pass_on(self, selector: selectors.BaseSelector, source: Any, sink: socket.socket) -> None:
        try:
            data = source.recv(65536)
            self.carried.append(data)
            if data:
                sink.sendall(data)
                return
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One end is gone: what the other still says goes nowhere, and it is hung up on too.
            for line in list(selector.get_map().values()):
                selector.unregister(line.fileobj)
            return
        selector.unregister(source)

    def close(self) -> None:
        """Take no more calls."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def tapped(target: str) -> Iterator[Wiretap]:
    """A wiretap in front of an address."""
    tap = Wiretap(target)
    acceptor = Thread(target=tap.accept, daemon=True)
    acceptor.start()
    try:
        yield tap
    finally:
        tap.close()
        acceptor.join(5)
