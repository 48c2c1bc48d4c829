"""The oracle as a world uses it: told what was acknowledged and what happened to disks, asked whether all is right."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from simulations.oracle.claims import Shown, missing, said
from simulations.oracle.endings import Meets, missing_faults, number_faults, relay_faults, unequal_faults
from simulations.oracle.looking import Done, Looked, Meant
from simulations.oracle.reading import Claim
from simulations.oracle.safety import safety_faults
from simulations.oracle.watched import Fault, Watched


class Oracle:
    """Watches the stores of one company.

    Args:
        secrets: names, narrations and amounts that no relay may hold in the clear; more may be added later.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets: set[str] = set(secrets)
        self._watched = Watched()

    # -- what the world tells ---------------------------------------------------------------------------------------

    def add_device(self, name: str, path: Path, device: bytes, seal_secret: bytes = b"") -> None:
        """Watch a device from now on.

        Args:
            path: its `khata.db`, which may not be there yet.
            device: its device id, 32 bytes.
            seal_secret: its secret X25519 key, 32 bytes; that of a keeper opens all that is sealed anywhere.
        """
        self._watched.add(name, path, device, is_relay=False)
        if seal_secret:
            self._watched.seal_secrets[device] = seal_secret

    def add_relay(self, name: str, path: Path, device: bytes) -> None:
        """Watch a relay from now on.

        Args:
            path: its folder, or the database of the company in it.
        """
        self._watched.add(name, path, device, is_relay=True)

    def acknowledged(
        self,
        name: str,
        commits: Iterable[bytes],
        looked: Looked | None = None,
        meant: Iterable[tuple[bytes, str, Any]] = (),
    ) -> None:
        """A device has told a person that these commits are saved.

        Args:
            looked: what that person was looking at; None where it is not known.
            meant: what they meant which registers of which documents to be; of a posting, the amounts of its entries.
        """
        saved = frozenset(commits)
        self._watched.acknowledged[name] |= saved
        if looked is not None:
            self._watched.done[name].append(Done(saved, looked, tuple(Meant(*one) for one in meant)))

    def lost(self, name: str) -> None:
        """A device or a relay is gone for good; what it alone held is lost with it."""
        self._watched.drop(name)

    def shows_in_sync(self, name: str, other: bytes, claim: Claim, here: int, there: int) -> None:
        """A device shows at this moment that it is in sync with another; looked into at the next check.

        Args:
            other: device id of the other.
            claim: what it has noted of that.
            here, there: the last rows of commits that the two hold.
        """
        self._watched.claims.shown.append(Shown(name, other, claim, here, there))

    def restored(self, name: str) -> None:
        """The disk of a device or a relay was put back to an earlier state; numbers may be given out again."""
        watched = self._watched
        watched.acknowledged[name].clear()
        watched.done[name].clear()
        watched.put_back.add(watched.copies[name].device)
        watched.numbers_may_double |= not watched.copies[name].is_relay
        watched.claims.forget(name)
        watched.copies[name].forget()
        watched.claims.put_back.add(watched.copies[name].device)
        for copy in watched.copies.values():
            watched.claims.skip(copy)

    def cloned(self, name: str, clone: str, path: Path) -> None:
        """A second machine goes on with a copy of a device's disk, key and all."""
        self._watched.add(clone, path, self._watched.copies[name].device, is_relay=False)
        self._watched.put_back.add(self._watched.copies[name].device)
        self.numbers_may_double()

    def numbers_may_double(self) -> None:
        """From now on a number that was given twice is no fault, as long as it is listed."""
        self._watched.numbers_may_double = True

    # -- what the world asks ----------------------------------------------------------------------------------------

    def check_now(self) -> list[Fault]:
        """What has to hold at every moment, and does not. Cost: reads what came since the last check."""
        return list(safety_faults(self._watched, anew=False))

    def check_end(
        self, meets: Meets = lambda _one, _other: True, duplicates: Mapping[str, Collection[str]] | None = None
    ) -> list[Fault]:
        """What has to hold when all is healed and in sync, and does not. Reads every store from its first row.

        Args:
            meets: which two can reach each other.
            duplicates: by device, the voucher numbers that its books list as given twice; None not to look.
        """
        watched = self._watched
        return [
            *safety_faults(watched, anew=True),
            *missing_faults(watched, meets),
            *relay_faults(watched, self.secrets),
            *unequal_faults(watched),
            *number_faults(watched, duplicates),
        ]

    def lacking(self, name: str, peer: str) -> str:
        """What is missing between two copies as of the last look, in words; empty where they are in sync."""
        one, other = (self._watched.copies[which] for which in (name, peer))
        shares = self._watched.entitled[name].now
        if shares is None or one.chain is not other.chain:
            return f"{' and '.join(sorted((one.name, other.name)))} do not know the same control entries"
        for giver, taker in ((one, other), (other, one)):
            rows = missing(giver, taker, shares)
            if rows:
                return f"{taker.name} lacks {said(rows)} that {giver.name} has"
        return ""

    def kept_to_itself(self, name: str) -> str:
        """What a revoked device has made that nobody else holds as of the last look, in words; or nothing.

        It may hand that over still, for people to decide what counts of it.
        """
        copy = self._watched.copies[name]
        others = [one for one in self._watched.copies.values() if one is not copy]
        rows = [
            row for row in copy.by_author.get(copy.device[:8], ()) if not any(row.id in one.by_id for one in others)
        ]
        return f"{name} has not handed over {said(rows)}" if rows else ""

    def dropped(self, name: str) -> int:
        """Of how many commits a relay holds no content any more."""
        return len(self._watched.copies[name].bodies_gone)

    def clashes(self, name: str) -> int:
        """How many clashes a device has, by this oracle's own count."""
        return sum(map(len, self._watched.books[name].clashing.values()))
