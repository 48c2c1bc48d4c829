"""How commands talk to a `khata serve` on the same books: a Unix socket, one line of JSON each way.

A command that has saved something pokes the server, which then pushes it at once; `status` asks who is connected.
Nothing depends on it: without an answer the server notices by itself a moment later.
"""

import hashlib
import json
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import trio

from khata.errors import BooksError
from khata.folder import BooksFolder

POKE: Final = "poke"
STATUS: Final = "status"
RESTART: Final = "restart"

_LINE_BYTES_MAX: Final = 64 * 1024
_ANSWER_SECONDS_MAX: Final = 2.0
_ASKED_AT_ONCE_MAX: Final = 16
_PATH_BYTES_MAX: Final = 100
_TMP: Final = Path("/tmp")

Answer = Callable[[str, list[str]], dict[str, Any]]
"""What the server answers to a command and its arguments."""


def socket_path(folder: BooksFolder) -> Path:
    """Where the server of a folder listens: a short path, since a socket's may have 108 characters and a folder's more.

    The folder of sockets belongs to this user alone.
    """
    name = hashlib.sha256(os.fsencode(folder.path.resolve())).hexdigest()[:24]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    bases = [Path(runtime)] if runtime and Path(runtime).is_dir() else []
    paths = [base / f"khata-{os.getuid()}" / f"{name}.sock" for base in (*bases, Path(tempfile.gettempdir()), _TMP)]
    return next((path for path in paths if len(os.fsencode(path)) <= _PATH_BYTES_MAX), paths[-1])


def ask(folder: BooksFolder, command: str, arguments: Sequence[str] = ()) -> dict[str, Any] | None:
    """The answer of the server of a folder; None when none is running, or it does not answer in time."""
    path = socket_path(folder)
    if not _is_ours(path.parent):
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_ANSWER_SECONDS_MAX)
            line.connect(str(path))
            line.sendall(json.dumps({"do": command, "with": list(arguments)}).encode() + b"\n")
            answer = json.loads(_line(line))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _line(line: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _LINE_BYTES_MAX:
        more = line.recv(_LINE_BYTES_MAX)
        if not more:
            break
        data += more
    return data


async def listen(folder: BooksFolder, answer: Answer, task_status: trio.TaskStatus[None]) -> None:
    """Answer commands until cancelled. Whoever calls holds the lock of the folder, so an old socket is nobody's.

    Raises:
        BooksError: the socket cannot be made.
    """
    path = socket_path(folder)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not _is_ours(path.parent):
            raise BooksError(f"{path.parent} belongs to somebody else; remove it, or set XDG_RUNTIME_DIR")
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BooksError(f"the socket {path} cannot be made: {error.strerror}") from error
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM) as listener:
        try:
            await listener.bind(str(path))
        except OSError as error:
            raise BooksError(f"the socket {path} cannot be made: {error.strerror}") from error
        listener.listen(_ASKED_AT_ONCE_MAX)
        try:
            async with trio.open_nursery() as nursery:
                task_status.started()
                while True:
                    line, _ = await listener.accept()
                    nursery.start_soon(_answer, trio.SocketStream(line), answer)
        finally:
            path.unlink(missing_ok=True)


async def _answer(stream: trio.SocketStream, answer: Answer) -> None:
    """One question; whoever is slow or says nonsense is hung up on."""
    async with stream:
        with trio.move_on_after(_ANSWER_SECONDS_MAX):
            try:
                asked = json.loads(await _question(stream))
                command, given = (asked.get("do"), asked.get("with")) if isinstance(asked, dict) else (None, None)
                arguments = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
                said = answer(command, arguments) if isinstance(command, str) else {}
                await stream.send_all(json.dumps(said).encode() + b"\n")
            except (ValueError, RecursionError, trio.BrokenResourceError):
                return


async def _question(stream: trio.SocketStream) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _LINE_BYTES_MAX:
        more = await stream.receive_some(_LINE_BYTES_MAX)
        if not more:
            break
        data += more
    return data


def _is_ours(folder: Path) -> bool:
    """Whether a folder exists, is no link, and only this user can reach into it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return private and found.st_uid == os.getuid()
