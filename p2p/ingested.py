"""What became of a batch of commits that came from a peer."""

from typing import NamedTuple

CommitReason = tuple[bytes, str]
"""A commit id, and a sentence."""


class Ingested(NamedTuple):
    """What became of a batch.

    Attributes:
        gained: how many commits were new and kept.
        refused: (id, reason) of those that were not.
        held_back: ids of those that wait, for control entries, for a proof of who made them, or until both sides agree
            about what they share.
        over: (id, reason) of those that are valid and for which there is no room under the quota.
        pruned: ids of those whose content the peer does not hold any more.
    """

    gained: int
    refused: list[CommitReason]
    held_back: list[bytes]
    over: list[CommitReason]
    pruned: list[bytes]

    @property
    def lacking(self) -> list[CommitReason]:
        """What is valid and not here after all, so both are not in sync; with what the peer is told, or nothing."""
        return [*self.over, *((commit_id, "") for commit_id in self.pruned)]

    @property
    def complaint(self) -> str:
        """What a person is told of commits that are valid and not here; empty when there are none."""
        if self.over:
            return f"{len(self.over)} of its commits have no room here: {self.over[-1][1]}"
        if self.pruned:
            return (
                f"{len(self.pruned)} commits were dropped there, once all had them that should have them then; "
                "synchronize with another device that holds them"
            )
        return ""
