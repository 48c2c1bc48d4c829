"""The names of a scenario: branches, their devices and relays, and whom a name means."""

from collections.abc import Iterable, Iterator

from simulations.reading.mistakes import Mistake, instead
from simulations.reading.toml_lines import KeyPath
from simulations.scenario import Scenario, device_names


class Names:
    """What everybody in a scenario is called.

    Attributes:
        head_office: the name of the first branch.
        devices: all devices.
        relays: all relays.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._of_branch = {branch.name: device_names(branch) for branch in scenario.branches}
        self.head_office = scenario.branches[0].name if scenario.branches else ""
        self.devices = frozenset(name for names in self._of_branch.values() for name in names)
        self.relays = frozenset(relay.name for relay in scenario.relays)

    @property
    def branches(self) -> frozenset[str]:
        """All branches."""
        return frozenset(self._of_branch)

    def meant(self, names: Iterable[str]) -> frozenset[str]:
        """The devices and relays that names mean: a branch is all of its devices, and no name at all is everybody."""
        chosen = tuple(names)
        if not chosen:
            return self.devices | self.relays
        return frozenset(one for name in chosen for one in self._of_branch.get(name, (name,)))

    def branch_of(self, name: str) -> str:
        """The branch that a device belongs to; empty for a relay."""
        return next((branch for branch, devices in self._of_branch.items() if name in devices), "")

    def mistakes(self, name: str, path: KeyPath) -> Iterator[Mistake]:
        """Tell whether nobody is called so."""
        known = [*self._of_branch, *sorted(self.devices - self.branches), *sorted(self.relays)]
        if name not in known:
            yield Mistake(path, f'nobody here is called "{name}"; {instead(name, known)}')

    def branch_mistakes(self, name: str, path: KeyPath) -> Iterator[Mistake]:
        """Tell whether no branch is called so."""
        if name not in self._of_branch:
            yield Mistake(path, f'no branch here is called "{name}"; {instead(name, self._of_branch)}')
