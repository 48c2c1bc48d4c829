"""Stories as a run would tell them, from a few builders."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from simulations.scenario import DAY, HOUR, MINUTE, SECOND
from simulations.story import Delivery, Kind, Lane, Mark, Open, Span, Story, Traffic, Violation

START = 1_780_304_400_000  # Mon 1 Jun 2026, 09:00


QUIET = Story(
    scenario="quiet-day",
    title="A quiet day",
    about="What happens when nothing happens?",
    seed=7,
    clock_start=START,
    lasts=DAY,
    in_sync=DAY,
    ended=DAY,
    lanes=(),
    marks=(),
    deliveries=(),
    step_ms=10 * MINUTE,
    traffic=(),
    conflicts=(),
    problems=(),
    violations=(),
    trace="5f2d" * 16,
    counted={},
    last_events=(),
)


def a_story(title: str = QUIET.title, **told: Any) -> Story:
    """A run of a day in which nothing happened, but for what is told."""
    return msgspec.structs.replace(QUIET, title=title, **told)


def lane(name: str, *spans: tuple[int, int, str], branch: str = "", unsent: Iterable[tuple[int, int]] = ()) -> Lane:
    made = tuple(Span(begin=begin, end=end, why=why) for begin, end, why in spans)
    return Lane(name=name, branch=branch or name, is_relay=False, spans=made, unsent=tuple(unsent))


def relay(name: str) -> Lane:
    return Lane(name=name, branch=name, is_relay=True, spans=(), unsent=())


def mark(at: int, kind: Kind, who: str, text: str = "", other: str = "", count: int = 1) -> Mark:
    return Mark(at=at, kind=kind, who=who, text=text, other=other, count=count)


def saved(at: int, who: str, everywhere: int | None, what: str = "Sales 1") -> Delivery:
    return Delivery(saved=at, who=who, everywhere=everywhere, what=what)


def unsent_of(deliveries: Sequence[Delivery], who: str) -> list[tuple[int, int]]:
    """How many of a device's saves were not everywhere yet, at each change."""
    changes: dict[int, int] = {}
    for one in deliveries:
        if one.who == who:
            changes[one.saved] = changes.get(one.saved, 0) + 1
            if one.everywhere is not None:
                changes[one.everywhere] = changes.get(one.everywhere, 0) - 1
    count, found = 0, []
    for at in sorted(changes):
        count += changes[at]
        found.append((at, count))
    return found


def pune_cut_off() -> Story:
    """Five branches for six days; Pune alone for three of them, with 214 entries waiting and 3 conflicts at the end."""
    lots = random.Random(1)
    names = ["Head office", "Head office 2", "Pune", "Pune 2", "Nagpur", "Nashik", "Delhi"]
    branch_of = {name: name.removesuffix(" 2") for name in names}
    begin, end = 36 * HOUR, 108 * HOUR
    line_back = end + 41 * SECOND
    deliveries, marks = [], []
    for name in names:
        cut = branch_of[name] == "Pune"
        for day in range(6):
            for _ in range(30):
                at = day * DAY + lots.randrange(11 * HOUR)
                late = cut and begin <= at < end
                if not late:
                    deliveries.append(saved(at, name, at + lots.randrange(80, 4_000)))
    for place in range(214):
        at = begin + (place + 1) * (end - begin) // 216
        deliveries.append(saved(at, ("Pune", "Pune 2")[place % 2], line_back - (place % 7) * 5 * SECOND))
    deliveries.sort(key=lambda one: one.saved)
    for one in deliveries:
        marks.append(mark(one.saved, "saved", one.who, one.what))
        if one.everywhere is not None:
            marks += [mark(one.everywhere, "delivered", name, other=one.who) for name in names if name != one.who]
    for at, who in ((line_back, "Head office"), (line_back + 2 * SECOND, "Pune"), (line_back + 3 * SECOND, "Nagpur")):
        marks.append(mark(at, "clash", who, "Sales PUN/26-27/00012"))
    for place, name in enumerate(names):
        marks.append(mark(place * MINUTE, "joined", name, f"{name} joined the company"))
    marks.append(mark(48 * HOUR, "lock", "Head office", "locked the books up to and with 31 May 2026"))
    marks.append(mark(60 * HOUR, "crash", "Delhi", "Delhi crashed while it saved, and came up again"))
    marks.append(mark(end + 44 * SECOND, "in-sync", "Pune", other="Head office"))
    marks.append(mark(end + 46 * SECOND, "in-sync", "Pune 2", other="Head office"))
    marks.append(mark(60 * HOUR + 20 * SECOND, "in-sync", "Delhi", other="Head office"))
    marks.append(mark(6 * DAY + 4 * SECOND, "in-sync", "Nashik", other="Head office"))
    marks.sort(key=lambda one: one.at)
    spans: dict[str, list[tuple[int, int, str]]] = {name: [] for name in names}
    spans["Pune"] = spans["Pune 2"] = [(begin, end, "cut")]
    spans["Delhi"] = [(60 * HOUR, 60 * HOUR + 12 * SECOND, "crashed")]
    spans["Nashik"] = [(day * DAY + 12 * HOUR, (day + 1) * DAY, "off") for day in range(6)]
    lanes = [
        lane(name, *spans[name], branch=branch_of[name], unsent=unsent_of(deliveries, name)) for name in names
    ]  # fmt: skip
    steps = 6 * DAY // HOUR
    traffic = tuple(
        Traffic(
            source=a, target=b, bytes=tuple(_bytes(lots, step, "Pune" in a + b, begin, end) for step in range(steps))
        )
        for a in [*names, "Relay"]
        for b in [*names, "Relay"]
        if a != b and lots.random() < 0.6
    )
    return a_story(
        "Pune is cut off for three days at year end",
        scenario="branch-offline-three-days",
        about="The line to Pune is cut for three days while everybody works on. Does anything get lost, and how long "
        "does it take until all have everything when the line is back?",
        lasts=6 * DAY,
        in_sync=6 * DAY + 4 * SECOND,
        ended=6 * DAY + 30 * SECOND,
        lanes=(*lanes, relay("Relay")),
        marks=tuple(marks),
        deliveries=tuple(deliveries),
        step_ms=HOUR,
        traffic=traffic,
        conflicts=(
            Open(name="Sales PUN/26-27/00012", text="narration: “paid by UPI” at Pune, “paid in cash” at Head office"),
            Open(name="Sales PUN/26-27/00031", text="amount: ₹1,200.00 at Pune 2, ₹1,250.00 at Nagpur"),
            Open(name="Ledger Sharma Traders", text="name: “Sharma Traders” at Delhi, “Sharma & Sons” at Pune"),
        ),
        counted={"vouchers": 1_320, "commits": 1_451, "bytes": 8_123_456},
    )


def _bytes(lots: random.Random, step: int, pune: bool, begin: int, end: int) -> int:
    at = step * HOUR
    if pune and begin <= at < end:
        return 0
    if pune and end <= at < end + HOUR:
        return 420_000
    return lots.randrange(2_000, 40_000) if at % DAY < 12 * HOUR else lots.randrange(300)


def failing() -> Story:
    """A run in which something did not hold."""
    story = pune_cut_off()
    lost = saved(50 * HOUR, "Pune", None, "Sales PUN/26-27/00099")
    told = {
        name: getattr(story, name)
        for name in ("lasts", "ended", "lanes", "marks", "step_ms", "traffic", "conflicts")
    }  # fmt: skip
    return a_story(
        "Pune is cut off, and a voucher is lost",
        scenario="my scenarios/pune.toml",
        about=story.about,
        seed=4711,
        in_sync=None,
        deliveries=(*story.deliveries, lost),
        problems=(Open(name="Sales NAG/26-27/00007", text="names the ledger “Asha”, which is not here"),),
        violations=(
            Violation(at=110 * HOUR, check="saves", text="Sales PUN/26-27/00099 of Pune is not at Head office"),
            Violation(at=112 * HOUR, check="in sync", text="Pune and Head office say in sync and differ"),
        ),
        last_events=("Pune: line back", "Pune → Head office: 214 commits", "Head office: in sync with Pune"),
        **told,
    )


def fifty_branches(days: int = 7, seed: int = 3) -> Story:
    """Fifty branches and a relay for a week, with cuts, crashes and clashes by chance."""
    lots = random.Random(seed)
    names = ["Head office", *(f"Branch {number:02}" for number in range(2, 51))]
    ended = days * DAY + 5 * MINUTE
    deliveries, marks, lanes, traffic = [], [], [], []
    for name in names:
        spans = [(day * DAY + 12 * HOUR, (day + 1) * DAY, "off") for day in range(days)]
        for _ in range(lots.randrange(4)):
            begin = lots.randrange(days * DAY)
            spans.append((begin, begin + lots.randrange(MINUTE, 8 * HOUR), lots.choice(["cut", "crashed", "slow"])))
        its = []
        for day in range(days):
            for _ in range(lots.randrange(40, 80)):
                at = day * DAY + lots.randrange(12 * HOUR)
                its.append(saved(at, name, at + int(lots.lognormvariate(8, 2.2))))
        deliveries += its
        marks += [mark(one.saved, "saved", name, one.what) for one in its]
        marks += [mark(lots.randrange(ended), "delivered", name, count=lots.randrange(1, 40)) for _ in range(2_000)]
        marks += [mark(lots.randrange(ended), "clash", name) for _ in range(lots.randrange(3))]
        marks += [mark(lots.randrange(ended), "in-sync", name, other="Relay") for _ in range(20)]
        lanes.append(lane(name, *sorted(spans), unsent=unsent_of(its, name)))
        for other in ("Relay", *lots.sample(names, 3)):
            if other != name:
                flow = tuple(lots.randrange(20_000) for _ in range(days * 24))
                traffic += [
                    Traffic(source=name, target=other, bytes=flow),
                    Traffic(source=other, target=name, bytes=flow),
                ]
    marks.sort(key=lambda one: one.at)
    return a_story(
        "Fifty branches and one relay",
        scenario="fifty-branches-one-relay",
        about="Do fifty branches that only meet at a relay keep up with each other?",
        lasts=days * DAY,
        in_sync=days * DAY + 65 * SECOND,
        ended=ended,
        lanes=(*lanes, relay("Relay")),
        marks=tuple(marks),
        deliveries=tuple(deliveries),
        step_ms=HOUR,
        traffic=tuple(traffic),
    )
