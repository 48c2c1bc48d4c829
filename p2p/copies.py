"""The copies that one node speaks for: a branch's only one, or a relay's, one for each company that it serves."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from p2p.identity import DeviceKeys
from p2p.replica import Replica


class Copies:
    """The copies of one device, by company.

    Args:
        keys: the device, the same in every company.
    """

    def __init__(self, keys: DeviceKeys, replicas: Iterable[Replica] = ()) -> None:
        self.keys = keys
        self._replicas: dict[bytes, Replica] = {}
        for replica in replicas:
            self.add(replica)

    def add(self, replica: Replica) -> None:
        """Speak for a further copy, or for one that was opened anew."""
        assert replica.keys.id == self.keys.id
        self._replicas[replica.company] = replica

    def drop(self, company: bytes) -> None:
        """Speak for a copy no longer; whoever opened it closes it."""
        self._replicas.pop(company, None)

    def of(self, company: bytes) -> Replica | None:
        """The copy of a company (id, 32 bytes), or None."""
        return self._replicas.get(company)

    def recovered_by(self, public: bytes) -> bytes | None:
        """The id of the company whose recovery phrase stands for this key to sign with, or None."""
        return next((one.company for one in self if one.chain.recovery_keys[0] == public), None)

    @property
    def only(self) -> Replica:
        """The copy of a device that has but one."""
        (replica,) = self._replicas.values()
        return replica

    def __iter__(self) -> Iterator[Replica]:
        return iter(list(self._replicas.values()))

    def __len__(self) -> int:
        return len(self._replicas)


class Extent(NamedTuple):
    """How far a copy goes."""

    row: int
    head: tuple[int, bytes]
    losing: tuple[tuple[int, bytes], ...]


def extent(replica: Replica) -> Extent:
    """How far the store goes; whoever took up what another process wrote, this shows it is still to be told."""
    return Extent(replica.store.next_row(), replica.chain_head(), tuple(replica.chain_losing()))
