"""The socket by which commands talk to a serving process on the same books."""

import os
import tempfile
from pathlib import Path

import pytest
import trio

from khata.daemon import POKE, STATUS, ask, listen, socket_path
from khata.errors import BooksError
from khata.folder import BooksFolder


@pytest.fixture
def folder(monkeypatch):
    """A folder of books, with a folder of sockets of its own whose path is short."""
    with tempfile.TemporaryDirectory(prefix="k") as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield BooksFolder(Path(short) / "books")


async def asked(folder: BooksFolder, command: str) -> dict[str, object] | None:
    return await trio.to_thread.run_sync(ask, folder, command)


def test_without_a_server_there_is_no_answer(folder):
    assert ask(folder, STATUS) is None


def test_the_path_is_short_whatever_the_folder_is_called(tmp_path, monkeypatch):
    long = tmp_path / ("d" * 90)
    long.mkdir()
    paths = set()
    for runtime in ("/nowhere", str(long)):
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        paths |= {socket_path(BooksFolder(tmp_path / name)) for name in ("a", "b", "c" * 200)}
    assert len(paths) == 3
    assert all(len(os.fsencode(path)) < 100 for path in paths)


async def test_commands_are_answered_and_nonsense_is_not(folder, autojump_clock):
    commands: list[str] = []

    def answer(command: str) -> dict[str, object]:
        commands.append(command)
        return {"connected": len(commands)}

    async with trio.open_nursery() as nursery:
        await nursery.start(listen, folder, answer)
        assert socket_path(folder).parent.stat().st_mode & 0o077 == 0
        for line in (b"nonsense\n", b"[]\n", b'{"do": 7}\n', b"\xff\xfe", b"[" * 5000):
            stream = await trio.open_unix_socket(str(socket_path(folder)))
            await stream.send_all(line)
            assert await stream.receive_some() in (b"", b"{}\n")
            await stream.aclose()
        nursery.cancel_scope.cancel()
    assert commands == []
    assert not socket_path(folder).exists()


async def test_the_client_gets_what_the_server_says(folder):
    async with trio.open_nursery() as nursery:
        await nursery.start(listen, folder, lambda command, given: {"heard": command})
        assert await asked(folder, POKE) == {"heard": POKE}
        assert await asked(folder, STATUS) == {"heard": STATUS}
        nursery.cancel_scope.cancel()


async def test_a_socket_left_behind_by_a_crash_is_replaced(folder):
    path = socket_path(folder)
    path.parent.mkdir(mode=0o700)
    path.write_text("left behind")
    assert await asked(folder, POKE) is None
    async with trio.open_nursery() as nursery:
        await nursery.start(listen, folder, lambda command, given: {})
        assert await asked(folder, POKE) == {}
        nursery.cancel_scope.cancel()


async def test_a_folder_of_sockets_that_others_can_reach_is_not_trusted(folder):
    socket_path(folder).parent.mkdir(mode=0o777)
    socket_path(folder).parent.chmod(0o777)
    with pytest.raises((BooksError, ExceptionGroup)) as caught:
        async with trio.open_nursery() as nursery:
            await nursery.start(listen, folder, lambda command, given: {})
    assert "belongs to somebody else" in repr(caught.value)
    assert await asked(folder, POKE) is None
