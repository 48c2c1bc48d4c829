"""What is said about what waits for whom, at the end of every write."""

import pytest

from khata.standing import ago
from khata.waiting import COUNTED_MAX, Waits, words

SYNC, ONLINE = "`khata sync` sends it to the others", "`khata work online` sends it to the others"
PAUSED = "synchronizing is paused, 2 vouchers wait for Head Office (paused); `khata resume` goes on"
MANY = "over 1,000 vouchers wait for Head Office, 9 for Nagpur, 8 for Surat and more for 2 others"
HO, NAGPUR, SURAT, RELAY, TABLET = (bytes([number]) * 32 for number in range(5))


def waits(*counts: int, paused: bool = False) -> list[Waits]:
    names = ("Head Office", "Nagpur", "Surat", "Relay", "Tablet")
    devices = (HO, NAGPUR, SURAT, RELAY, TABLET)
    return [Waits(devices[at], names[at], count, paused) for at, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("waiting", "connected", "offline", "said"),
    [
        ([], None, False, "nobody else keeps these books yet"),
        (
            waits(1),
            None,
            False,
            f"Pune is offline, 1 voucher waits for Head Office; {SYNC}",
        ),
        (waits(0), None, False, "Pune is offline; `khata sync` sends it to the others"),
        (waits(0), set(), False, "nobody else is online; `khata serve` passes it on when somebody is"),
        (waits(12, 3), {HO}, False, "on its way to Head Office; 3 vouchers wait for Nagpur"),
        (waits(12, 3), {HO, NAGPUR}, False, "on its way to Head Office, Nagpur"),
        (
            waits(2),
            {HO},
            True,
            f"working offline, 2 vouchers wait for Head Office; {ONLINE}",
        ),
        (
            waits(2, paused=True),
            set(),
            False,
            "synchronizing is paused, 2 vouchers wait for Head Office (paused); `khata resume` goes on",
        ),
        (waits(COUNTED_MAX + 1, 9, 8, 7, 6), None, False, f"Pune is offline, {MANY}; {SYNC}"),
    ],
)
def test_the_words(waiting, connected, offline, said):
    assert words("Pune", waiting, connected, offline) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7300, "2 h ago"), (90_000, "1 d ago")]
)
def test_how_long_ago(seconds, said):
    assert ago(1_000_000_000, 1_000_000_000 + seconds * 1000) == said


def test_never():
    assert ago(None, 5) == "never"
