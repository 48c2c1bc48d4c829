"""Strangers at the door: whatever they send, they learn nothing, and nobody else notices."""

import socket
import ssl
from contextlib import closing

import psutil
import pytest

from tests.e2e.conftest import Company
from tests.e2e.shop import Copy, Serving

GIGABYTE = b"\x40\x00\x00\x00"
"""The length prefix of a frame of 1 GiB."""

GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(10_000),
    "ones": b"\xff" * 10_000,
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a 1 GiB frame": GIGABYTE + bytes(100_000),
    "an empty frame": bytes(4),
    "a message nobody knows": b"\x00\x00\x00\x06\x91\xa4what",
    "a nesting bomb": b"\x00\x00\x10\x00" + b"\x91" * 4096,
}


def connect(serving: Serving) -> socket.socket:
    host, port = serving.address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def connect_securely(serving: Serving) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connect(serving))


def all_of(line: socket.socket) -> bytes:
    """Everything the other end says until it says goodbye or hangs up."""
    said = b""
    try:
        while not ends_with_goodbye(said) and (more := line.recv(65536)):
            said += more
    except (ConnectionResetError, ssl.SSLError):
        return said
    return said


def ends_with_goodbye(said: bytes) -> bool:
    """Whether the last whole message is a goodbye, after which a listener only waits for the other end to hang up."""
    while len(said) >= 4:
        end = 4 + int.from_bytes(said[:4], "big")
        if len(said) == end:
            return b"goodbye" in said
        said = said[end:]
    return False


def assert_nobody_noticed(company: Company, serving: Serving) -> None:
    company.pune.receipt("1.00", "after the strangers")
    company.pune.sync(serving.address)
    assert company.pune.digest == company.ho.digest
    assert serving.running.process.is_alive()
    assert "Traceback" not in serving.running.out + serving.running.err


def test_a_port_scanner_finds_a_port(company):
    with company.ho.serve() as serving:
        for _ in range(20):
            connect(serving).close()
        silent = [connect(serving) for _ in range(20)]
        assert_nobody_noticed(company, serving)
        for line in silent:
            line.close()


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "tls"])
def test_garbage_is_hung_up_on(company, secured):
    with company.ho.serve() as serving:
        for data in GARBAGE.values():
            with closing(connect_securely(serving) if secured else connect(serving)) as line:
                line.sendall(data)
                if not secured:
                    # What looks like the beginning of a TLS record is waited for, unless nothing more can come.
                    line.shutdown(socket.SHUT_WR)
                said = all_of(line)
                assert ends_with_goodbye(said) == secured
                assert len(said) < 1000
                assert b"Sharma" not in said
        assert_nobody_noticed(company, serving)


def test_an_announced_gigabyte_is_refused_before_it_arrives(company):
    with company.ho.serve() as serving:
        memory = psutil.Process(serving.running.process.pid)
        before = memory.memory_info().rss
        lines = [connect_securely(serving) for _ in range(8)]
        for line in lines:
            line.sendall(GIGABYTE)
        for line in lines:
            assert b"Sharma" not in all_of(line)
            line.close()
        assert memory.memory_info().rss - before < 64 << 20
        assert_nobody_noticed(company, serving)


def test_a_device_of_another_company_learns_nothing(company, tmp_path):
    stranger = Copy(tmp_path / "stranger")
    stranger.run("init", "Other Traders", "--code", "OT")
    stranger.receipt("7.00", "of the stranger", ledger="Profit & Loss A/c")
    before = company.ho.digest
    with company.ho.serve() as serving:
        result = stranger.start("sync", "--peer", serving.address).wait()
        assert result.code == 3
        assert_nobody_noticed(company, serving)
    for word in ("Sharma", "Pune", "Head Office", "Café"):
        assert word not in result.said
    assert company.ho.digest["commits"] == before["commits"] + 1
    assert stranger.run("status")["peers"] == []


def test_a_device_that_was_never_admitted_is_sent_away(company, tmp_path):
    """It knows the company and where head office is, but holds no ticket that was made there."""
    thief = Copy(tmp_path / "thief")
    ticket = company.ho.run("branch", "add", "Surat", "--code", "SUR", "--address", "127.0.0.1:1")["ticket"]
    thief.start("join", ticket).wait()
    with company.ho.serve() as serving:
        result = thief.start("sync", "--peer", serving.address).wait()
        assert result.code in (1, 3)
        assert_nobody_noticed(company, serving)
    assert "Sharma" not in result.said
