"""Looking at a run from outside: whether all are in sync, and whether everything that has to hold holds.

What holds is the oracle's to say, which reads the stores by itself. What devices show to people is asked of them here,
and held against that.
"""

from collections import Counter
from itertools import permutations
from typing import Final

import trio

from khata.number_clashes import duplicate_numbers
from simulations.device import Device, Machine
from simulations.log import FAULTS_MAX
from simulations.oracle import Oracle
from simulations.plain import counted, length
from simulations.scenario import ms_of
from simulations.world import World

CHECK_SECONDS: Final = 900.0
"""How often everything is looked at while the run goes on."""
_UNSENT_BYTES_MAX: Final = 8 * 1024 * 1024
"""More than the protocol lets a device have on its way to another, with the answers that it owes it."""
_SAID_MAX: Final = 10
_CONVERSATIONS_MAX: Final = 4
"""So many a device may have with one other."""


class Judge:
    """Who looks at a run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._oracle: Oracle = world.oracle

    @property
    def has_seen_enough(self) -> bool:
        """Whether the run has failed beyond doubt."""
        return len(self._world.setting.log.violations) >= FAULTS_MAX

    async def keep_looking(self) -> None:
        """Check what holds at every moment, again and again, until cancelled."""
        while not self.has_seen_enough:
            await trio.sleep(CHECK_SECONDS)
            self.check()

    def check(self) -> None:
        """Check what holds at every moment."""
        log = self._world.setting.log
        self._world.tell_oracle()
        log.violated_all(self._oracle.check_now())
        self._nobody_talks_who_paused()
        self._nothing_piles_up()

    def all_in_sync(self) -> bool:
        """Whether everybody who is to be in sync says so, and is."""
        if not self._world.is_complete or self._not_in_sync():
            return False
        self.check()
        return not self._lacking()

    def at_the_end(self, in_sync: bool) -> None:
        """Check what has to hold when all was healed and had its time."""
        world, log = self._world, self._world.setting.log
        if not in_sync:
            late = [*self._not_in_sync(), *self._lacking()] or ["a device has not joined yet"]
            log.violated(
                "all are in sync in time",
                f"not within {world.scenario.expect.in_sync_within} after all was healed: {_few(late)}",
            )
        duplicates = {device.name: _listed_twice(device) for device in self._devices() if device.desk is not None}
        world.tell_oracle()
        log.violated_all(self._oracle.check_end(self._meet, duplicates))
        self._as_expected(duplicates)

    def _as_expected(self, duplicates: dict[str, set[str]]) -> None:
        expect, log = self._world.scenario.expect, self._world.setting.log
        for device in self._devices():
            clashes, twice = self._oracle.clashes(device.name), len(duplicates.get(device.name, ()))
            for what, found, wanted in (
                (counted(clashes, "conflict"), clashes, expect.conflicts),
                (counted(twice, "number given twice", "numbers given twice"), twice, expect.numbers_twice),
            ):
                if wanted == "none" and found:
                    log.violated("as expected", f"{device.name} lists {what}, and there were to be none")
        if expect.delivered_within:
            self._delivered_within(expect.delivered_within)
        dropped = sum(self._oracle.dropped(relay.name) for relay in self._world.relays.values() if not relay.is_gone)
        if expect.dropped == ("none" if dropped else "some"):
            log.violated(
                "as expected",
                f"relays have dropped the content of {counted(dropped, 'commit')}, and {expect.dropped} was expected",
            )
        if expect.conflicts == "some" and not any(self._oracle.clashes(device.name) for device in self._devices()):
            log.violated("as expected", "no conflict is listed anywhere, and there was to be one")
        if expect.numbers_twice == "some" and not any(duplicates.values()):
            log.violated("as expected", "no number was given twice, and there was to be one")

    def _nothing_piles_up(self) -> None:
        for machine in self._world.machines:
            going_on = [one for one in machine.node.conversations if one.is_open] if machine.node is not None else []
            unsent = max((one.session.unsent_bytes for one in going_on), default=0)
            alike = max(Counter(one.peer for one in going_on).values(), default=0)
            if unsent > _UNSENT_BYTES_MAX or alike > _CONVERSATIONS_MAX:
                text = f"{machine.name} has {unsent:,} bytes to send, and {alike} conversations with one device"
                self._world.setting.log.violated("memory is bounded", text)

    def _nobody_talks_who_paused(self) -> None:
        for device in self._world.devices.values():
            if device.node is None or device.desk is None:
                continue
            paused = {bytes(one) for (one,) in device.desk.db.execute("SELECT device FROM paused")}
            for conversation in device.node.conversations:
                if conversation.peer in paused and conversation.is_open:
                    name = device.name_of(conversation.peer or b"")
                    self._world.setting.log.violated("paused", f"{device.name} has paused {name}, and talks to it")

    def _delivered_within(self, longest: str) -> None:
        log = self._world.setting.log
        took = [((log.everywhere(saved) or saved.at) - saved.at, saved) for saved in log.saved if saved.commits]
        late = [one for one in took if one[0] > ms_of(longest)]
        if late:
            worst_took, worst = max(late, key=lambda one: one[0])
            log.violated(
                "delivered in time",
                f"{len(late):,} of {counted(len(took), 'save')} took longer than {length(ms_of(longest))} to be "
                f"everywhere; the longest, {worst.text} of {worst.device}, took {length(worst_took)}",
            )

    def _lacking(self) -> list[str]:
        """What is missing somewhere, as of the last look."""
        there = [machine for machine in self._world.machines if self._belongs(machine)]
        found = []
        for one, other in permutations(there, 2):
            if self._meet(one.name, other.name) and (text := self._oracle.lacking(one.name, other.name)):
                found.append(text)
        revoked = [machine for machine in self._world.machines if machine.name in self._world.revoked and machine.is_on]
        found += [text for machine in revoked if (text := self._oracle.kept_to_itself(machine.name))]
        return list(dict.fromkeys(found))

    def _not_in_sync(self) -> list[str]:
        found = []
        for device in self._devices():
            node = device.node
            if node is None:
                found.append(f"{device.name} is not running")
            elif not node.conversations and not self._has_twin(device) and self._has_others(device):
                found.append(f"{device.name} is in touch with nobody")
            else:
                found += [
                    f"{device.name} is not in sync with {device.name_of(one.peer or b'')}"
                    for one in node.conversations
                    if not one.session.in_sync
                ]
        return list(dict.fromkeys(found))

    def _has_twin(self, device: Device) -> bool:
        """Whether another machine has the same key, so that the two take turns."""
        return sum(other.keys.id == device.keys.id for other in self._world.devices.values()) > 1

    def _has_others(self, device: Device) -> bool:
        """Whether there is anybody whom it can reach."""
        return any(self._meet(device.name, other.name) for other in self._world.machines if self._belongs(other))

    def _devices(self) -> list[Device]:
        return [device for device in self._world.devices.values() if self._belongs(device)]

    def _belongs(self, machine: Machine) -> bool:
        return not machine.is_gone and machine.name not in self._world.revoked

    def _meet(self, one: str, other: str) -> bool:
        machines = {machine.name: machine for machine in self._world.machines}
        first, second = machines.get(one), machines.get(other)
        if first is None or second is None or first.keys.id == second.keys.id:
            return False
        return not self._world.setting.fabric.is_cut(first.host, second.host)


def _few(texts: list[str]) -> str:
    """The first of many things that are to be said, and how many more there are."""
    more = len(texts) - _SAID_MAX
    return "; ".join([*texts[:_SAID_MAX], *([f"and {more:,} more such"] if more > 0 else [])])


def _listed_twice(device: Device) -> set[str]:
    """The numbers that the books at a device list as given twice."""
    assert device.desk is not None
    return {problem.about[0] for problem in duplicate_numbers(device.desk)}
