"""Which of several conversations between two devices stays: both ends agree, in whatever order they see them."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from p2p.duplicates import crowding, superfluous
from p2p.limits import CONNECTIONS_PER_DEVICE_MAX

LOWER, HIGHER, THIRD = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32


@dataclass
class Talk:
    """One end of a conversation."""

    number: int
    peer: bytes | None
    is_visit: bool = False
    is_open: bool = True

    @property
    def is_closed(self) -> bool:
        return not self.is_open


class End:
    """One of the two devices, with its ends of conversations, in the order in which they were established."""

    def __init__(self, me: bytes, peer: bytes) -> None:
        self.me = me
        self.peer = peer
        self.talks: list[Talk] = []

    def establish(self, number: int, visit: bool = False) -> list[int]:
        """Begin one; the numbers of those to end."""
        newest = Talk(number, self.peer, visit)
        self.talks.append(newest)
        crowded = [talk.number for talk in crowding(newest, self.talks)]
        self.end(crowded)
        return crowded + [talk.number for talk in superfluous(newest, self.talks, self.me)]

    def end(self, numbers: list[int]) -> None:
        for talk in self.talks:
            talk.is_open = talk.is_open and talk.number not in numbers

    @property
    def open(self) -> list[int]:
        return sorted(talk.number for talk in self.talks if talk.is_open)


@given(st.permutations([(end, number) for end in (0, 1) for number in range(3)]))
def test_of_several_lasting_ones_both_ends_keep_the_same_one(order):
    ends = End(LOWER, HIGHER), End(HIGHER, LOWER)
    for side, number in order:
        ended = ends[side].establish(number)
        for end in ends:
            end.end(ended)
    # What was ended before the other side had it established never becomes open there.
    left = set(ends[0].open) & set(ends[1].open)
    lower_saw = [number for side, number in order if side == 0]
    assert left == {lower_saw[-1]}


def test_the_later_one_stays_and_the_device_with_the_lower_id_says_so():
    lower, higher = End(LOWER, HIGHER), End(HIGHER, LOWER)
    assert (lower.establish(1), higher.establish(1)) == ([], [])
    assert higher.establish(2) == []
    assert lower.establish(2) == [1]


def test_visits_stand_beside_anything_and_are_not_ended_by_it():
    lower = End(LOWER, HIGHER)
    assert lower.establish(1) == []
    assert lower.establish(2, visit=True) == []
    assert lower.establish(3, visit=True) == []
    assert lower.establish(4) == [1]


def test_conversations_with_others_are_left_alone():
    lower = End(LOWER, HIGHER)
    lower.talks += [Talk(8, THIRD), Talk(9, None)]
    assert lower.establish(1) == []


def test_one_device_cannot_take_every_connection():
    for me, peer in ((LOWER, HIGHER), (HIGHER, LOWER)):
        end = End(me, peer)
        for number in range(50):
            end.end(end.establish(number, visit=number % 5 != 0))
            assert len(end.open) <= CONNECTIONS_PER_DEVICE_MAX
