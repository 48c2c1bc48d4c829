"""Calling others: one dialler for each device, which tries its addresses in turn and keeps quiet while both talk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import trio

from p2p.conversation import Conversation
from p2p.duplicates import DUPLICATE
from p2p.errors import P2PError
from p2p.identity import Random
from p2p.local import Membership
from p2p.replica import Replica
from p2p.schedules import ALWAYS, NEVER, Attention
from p2p.transport import Connection, Unreachable
from p2p.whereabouts import Announced, Key, Line, lines

BACK_OFF_SECONDS_MIN = 1.0
BACK_OFF_SECONDS_MAX = 300.0

Attend = Callable[[Replica, bytes | None, bool], Attention]
"""What a node does about a device (None: not known yet), which may have been named by hand, as the books say now."""


class Caller(Protocol):
    """What dialling asks of its node."""

    @property
    def replica(self) -> Replica:
        """The copy of the one company that it speaks for."""

    def is_in_touch(self, device: bytes) -> bool:
        """Whether a conversation with a device is open, whoever called."""

    async def dial(self, address: str) -> Connection:
        """Connect to an address. Raises `Unreachable`."""

    async def converse_at(self, connection: Connection, address: str, visit: bool) -> Conversation:
        """Converse to the end; a visit ends as soon as both are in sync."""

    def unreachable(self, key: Key, address: str, error: P2PError) -> None:
        """Nobody was reached there; who is called may not be known yet."""


class Dialling:
    """The diallers of one node.

    Args:
        attend: what the node does about each device.
        random: gives the jitter.
    """

    def __init__(self, caller: Caller, attend: Attend, random: Random) -> None:
        self._caller = caller
        self._attend = attend
        self._random = random
        self._by_hand: Sequence[str] = ()
        self._answered: dict[str, bytes] = {}
        self._nearby: dict[bytes, tuple[str, ...]] = {}
        self._announced = Announced()
        self._lines: dict[Key, Line] = {}
        self._attention: dict[Key, Attention] = {}
        self._hurried: set[Key] = set()
        self._stirred = trio.Event()
        self._stale = True
        self._stopped = False
        self.is_running = False

    async def run(self, by_hand: Sequence[str]) -> None:
        """Call whoever is to be called until cancelled, beginning anew with a device whose addresses change.

        Args:
            by_hand: addresses at which anybody of the company is welcome.
        """
        self._by_hand = by_hand
        self.is_running = True
        diallers: set[Key] = set()
        async with trio.open_nursery() as nursery:
            while True:
                if self._stale:
                    self._take_up()
                    self.stir()
                stirred = self._stirred
                for key in [*self._lines]:
                    if key not in diallers:
                        diallers.add(key)
                        nursery.start_soon(self._keep_calling, key, diallers)
                await stirred.wait()

    def stir(self) -> None:
        """A conversation has begun or ended."""
        self._stirred.set()
        self._stirred = trio.Event()

    def stop(self) -> None:
        """Call nobody any more; conversations that go on are left alone."""
        self._stopped = True

    def look_again(self) -> None:
        """Read anew whom to call and where: the books say something else now."""
        self._stale = True
        self.stir()

    def hurry(self, device: bytes) -> None:
        """Call a device now instead of waiting for the next try."""
        self._hurried |= {key for key in self._lines if key == device or isinstance(key, str)}
        self.stir()

    def sees(self, nearby: Mapping[bytes, Sequence[str]]) -> None:
        """Take up what the local network shows: addresses by the first bytes of a device id. Only hints."""
        found = {device: tuple(addresses) for device, addresses in nearby.items()}
        if found != self._nearby:
            self._nearby = found
            self.look_again()

    def _take_up(self) -> None:
        self._stale = False
        replica = self._caller.replica
        self._lines = lines(replica, self._by_hand, self._answered, self._nearby, self._announced)
        self._attention = {
            key: self._attend(replica, key if isinstance(key, bytes) else None, bool(line.by_hand))
            for key, line in self._lines.items()
        }

    # -- one device -------------------------------------------------------------------------------------------------

    async def _keep_calling(self, key: Key, diallers: set[Key]) -> None:
        wait, was_in_touch = BACK_OFF_SECONDS_MIN, False
        while key in self._lines:
            calls, every_seconds = self._attention.get(key, NEVER)
            in_touch = isinstance(key, bytes) and self._caller.is_in_touch(key)
            if in_touch or not calls or self._stopped:
                was_in_touch = in_touch
                await self._stirred.wait()
            elif was_in_touch:
                # Both ends have lost each other at the same moment: neither calls at once, nor do both together.
                was_in_touch = False
                await self._rest(key, self._with_jitter(BACK_OFF_SECONDS_MIN))
            else:
                line = self._lines[key]
                conversation = await self._try_each(key, line, every_seconds is not None)
                if conversation is not None and _was_worth_it(conversation):
                    wait = BACK_OFF_SECONDS_MIN
                done = every_seconds is not None and conversation is not None and conversation.was_in_sync
                await self._rest(key, every_seconds if done and every_seconds else self._with_jitter(wait))
                unchanged = self._lines.get(key) == line
                wait = min(wait * 2, BACK_OFF_SECONDS_MAX) if unchanged else BACK_OFF_SECONDS_MIN
        diallers.discard(key)

    async def _try_each(self, key: Key, line: Line, visit: bool) -> Conversation | None:
        """Try the addresses in turn; the conversation at the first where the device answers, once it is over."""
        self._hurried.discard(key)
        for address in line.addresses:
            try:
                connection = await self._caller.dial(address)
                if not await self._is_for(key, line, address, connection):
                    continue
            except P2PError as error:
                self._caller.unreachable(key, address, error)
                continue
            return await self._caller.converse_at(connection, address, visit)
        return None

    async def _is_for(self, key: Key, line: Line, address: str, connection: Connection) -> bool:
        """Whether who answers is to be talked to; anybody else is hung up on before anything is said.

        Raises:
            Unreachable: another device than the one that is called.
        """
        listener = connection.listener
        if listener == key:
            return True
        if address not in line.by_hand:
            await trio.aclose_forcefully(connection.stream)
            raise Unreachable(f"another device answers at {address} now; it is called where it says that it can be")
        replica = self._caller.replica
        if replica.standing_of(listener) is not Membership.MEMBER:
            return True
        self._answered[address] = listener
        if (
            isinstance(key, str)
            and not self._caller.is_in_touch(listener)
            and self._attend(replica, listener, True) == ALWAYS
        ):
            return True
        # Now it is known who is there, and the dialler of that device knows better whether to call it.
        await trio.aclose_forcefully(connection.stream)
        self.look_again()
        return False

    async def _rest(self, key: Key, seconds: float) -> None:
        """Wait; a hint of another address or schedule ends it, though never before half a second is over."""
        before = self._lines.get(key), self._attention.get(key)
        soonest = trio.current_time() + BACK_OFF_SECONDS_MIN / 2
        with trio.move_on_after(seconds):
            while key not in self._hurried:
                if (self._lines.get(key), self._attention.get(key)) != before:
                    await self._hurry_or(soonest, key)
                    return
                await self._stirred.wait()

    async def _hurry_or(self, soonest: float, key: Key) -> None:
        with trio.move_on_at(soonest):
            while key not in self._hurried:
                await self._stirred.wait()

    def _with_jitter(self, seconds: float) -> float:
        return seconds * (0.5 + int.from_bytes(self._random(2), "big") / 65536)


def _was_worth_it(conversation: Conversation) -> bool:
    """Whether a next conversation may follow soon: the two agreed, or something came over.

    A device whose disk is full gets nowhere, and one that is sent away for a duplicate has a twin with the same keys.
    """
    return conversation.goodbye != DUPLICATE and (conversation.was_in_sync or conversation.received > 0)
