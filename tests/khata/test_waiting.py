"""What is said about what waits for whom, at the end of every write."""

import pytest

from khata.standing import ago
from khata.waiting import COUNTED_MAX, Waits, waiting, words
from tests.khata.company import a_branch, a_company, ledger, sync, voucher

SYNC, ONLINE = "`khata sync` sends it to the others", "`khata work online` sends it to the others"
PAUSED = "synchronizing is paused, 2 vouchers wait for Head Office (paused); `khata resume` goes on"
MANY = "over 1,000 vouchers wait for Head Office, 9 for Nagpur, 8 for Surat and more for 2 others"
HO, NAGPUR, SURAT, RELAY, TABLET = (bytes([number]) * 32 for number in range(5))


def waits(*counts: int, paused: bool = False) -> list[Waits]:
    names = ("Head Office", "Nagpur", "Surat", "Relay", "Tablet")
    devices = (HO, NAGPUR, SURAT, RELAY, TABLET)
    return [Waits(devices[at], names[at], count, paused) for at, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("held", "connected", "offline", "said"),
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
def test_the_words(held, connected, offline, said):
    assert words("Pune", held, connected, offline) == said


@pytest.mark.parametrize(
    ("held", "connected", "said"),
    [
        (waits(2), set(), "on its way to Cloud; 2 vouchers wait for Head Office"),
        (waits(0), set(), "on its way to Cloud"),
        (waits(2, 3), {HO}, "on its way to Head Office; 3 vouchers wait for Nagpur"),
        (waits(2, paused=True), set(), PAUSED),
    ],
)
def test_what_goes_to_a_relay_while_nobody_else_is_online_is_on_its_way(held, connected, said):
    assert words("Pune", held, connected, False, ["Cloud"]) == said


def test_what_a_device_made_itself_does_not_wait_for_it():
    office = a_company()
    ledger(office, "Asha Stores")
    pune = a_branch(office, "Pune")
    voucher(pune, "Receipt", "Cash 70 / Asha Stores -70")
    sync(pune, office)
    nagpur = a_branch(office, "Nagpur")
    assert [(one.name, one.vouchers) for one in waiting(nagpur)] == [("Head Office", 0), ("Pune", 0)]
    voucher(nagpur, "Receipt", "Cash 5 / Asha Stores -5")
    assert [(one.name, one.vouchers) for one in waiting(nagpur)] == [("Head Office", 1), ("Pune", 1)]


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7300, "2 h ago"), (90_000, "1 d ago")]
)
def test_how_long_ago(seconds, said):
    assert ago(1_000_000_000, 1_000_000_000 + seconds * 1000) == said


def test_never():
    assert ago(None, 5) == "never"
