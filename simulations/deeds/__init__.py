"""What can happen in a run: each deed does one thing to devices, relays, the lines between them, or with people.

The table below is all there is. What a deed begins it can undo, so that everything is healed in the end.
"""

from collections.abc import Mapping
from typing import Final

from simulations.deeds import lines, machines, people
from simulations.deeds.doing import Doing, Undo
from simulations.scenario import Deed

DEEDS: Final[Mapping[Deed, Doing]] = {
    "cut": lines.cut,
    "one-way": lines.cut_one_way,
    "flap": lines.flap,
    "slow": lines.slow,
    "reset": lines.reset,
    "stall": lines.cut,
    "swizzle": lines.swizzle,
    "switch-off": machines.switch_off,
    "crash": machines.crash,
    "power-cut": machines.cut_power,
    "burn": machines.burn,
    "recover": machines.recover,
    "back-up": machines.back_up,
    "restore": machines.restore,
    "clone": machines.clone,
    "clock-jump": machines.jump,
    "clock-drift": machines.drift,
    "disk-full": machines.fill_disk,
    "slow-disk": machines.slow_disk,
    "lock": people.lock,
    "unlock": people.unlock,
    "revoke": people.revoke_devices,
    "rule": people.rule,
    "pause": people.pause,
    "resume": people.resume,
    "alter-same": people.alter_same,
}
"""What each deed of a scenario does."""

__all__ = ["DEEDS", "Undo"]
