"""The paragraph at the top of a report: what happened, for a person who runs a shop."""

from collections import Counter
from typing import Final

from simulations.plain import clock, counted, length, listed, replay, sentence, shown
from simulations.reports.happened import events
from simulations.reports.settling import left_to_settle
from simulations.reports.touch import Alone, alone, cut_devices
from simulations.reports.waits import Wait, waits
from simulations.story import SET_ASIDE, Kind, Story

_BRANCHES_NAMED_MAX: Final = 3

EXPECTED: Final = {
    "as expected": "was not so",
    "delivered in time": "did not hold",
}
"""Checks that a scenario asks for under `[expect]`, and what is said of one that failed."""
_PARTS: Final = 2
"""That both ends were not switched on is told where it is more than one part of so many of a wait."""
_WHILE: Final = {
    "cut": "was cut off",
    "one-way": "was heard one way only",
    "slow": "was on a slow line",
    "stall": "had a line on which nothing moved",
    "paused": "had paused",
    "off": "was switched off",
    "crashed": "was not running",
    "gone": "was lost",
    "not joined": "had not joined yet",
}
"""What is said of a device that others waited for, for each reason of a span."""

# What goes wrong besides lines: the kind of its marks, one of it, many.
_ELSE: Final[tuple[tuple[Kind, str, str], ...]] = (
    ("crash", "crash", "crashes"),
    ("power-cut", "power cut", "power cuts"),
    ("restored", "device put back to an old backup", "devices put back to an old backup"),
    ("cloned", "copied disk", "copied disks"),
    ("clock", "change of a clock", "changes of clocks"),
    ("disk", "trouble with a disk", "troubles with disks"),
)


def paragraph(story: Story) -> list[str]:
    """Return the sentences that tell what happened; those of a failure, which come before, are in `failure`."""
    return [
        *_trouble(story),
        *(f"{one}." for one in events(story)),
        *_further_trouble(story),
        _convergence(story),
        _settling(story),
        *_loss(story),
    ]


def failure(story: Story) -> list[str]:
    """Return the sentences that tell what did not hold, and how to see it again; none where all held."""
    if not story.violations:
        return []
    first = min(story.violations, key=lambda one: one.at)
    checks = list(dict.fromkeys(one.check for one in story.violations))
    when = f"{_moment(first.at)} ({clock(story.clock_start + first.at)})"
    if len(checks) > 1:
        what = [f"{len(checks):,} things had to hold and did not", f"The first was {_check(first.check)}, {when}: "]
    elif first.check in EXPECTED:
        what = [f"one thing that this scenario expects {EXPECTED[first.check]}", f"It was found {when}: "]
    else:
        what = ["one thing that always has to hold did not", f"It was {_check(first.check)}, {when}: "]
    return [
        f"This run failed: {what[0]}.",
        f"{what[1]}{_ended(shown(first.text))}",
        f"The seed is {story.seed}; to see it again, type `{shown(replay(story.scenario, story.seed))}`.",
    ]


def _check(check: str) -> str:
    return "what this scenario expects" if check == "as expected" else f"“{shown(check)}”"


def _moment(at: int) -> str:
    return f"{length(at)} after the beginning"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _trouble(story: Story) -> list[str]:
    """What was cut off, and where entries waited though nothing was."""
    cut = [*alone(story), *cut_devices(story)]
    shut_out = {mark.who: mark.at for mark in story.marks if mark.kind == "revoked"}
    sentences = [_one_alone(one, shut_out) for one in cut[:_BRANCHES_NAMED_MAX]]
    if rest := cut[_BRANCHES_NAMED_MAX:]:
        others = "branches or devices" if len(cut) > len(alone(story)) else "branches"
        one = others.replace("branches", "branch").replace("devices", "device")
        sentences.append(
            f"{counted(len(rest), f'other {one} was', f'other {others} were')} alone too, "
            f"for {length(max(one.total for one in rest))} {'in all' if len(rest) == 1 else 'or less each'}."
        )
    sentences += _waiting(story, {one.branch for one in cut})
    return sentences or ["No branch was cut off from all others while it was switched on."]


def _waiting(story: Story, told: set[str]) -> list[str]:
    """Where entries waited: not again those of branches that were cut off, nor those that waited for one."""
    branch_of = {lane.name: lane.branch for lane in story.lanes}
    reached = [
        one
        for one in waits(story)
        if one.branch not in told
        and (one.reason is None or not {one.reason[0], branch_of.get(one.reason[0])} & told)
    ]  # fmt: skip
    sentences = [_one_wait(one) for one in reached[:_BRANCHES_NAMED_MAX]]
    if rest := reached[_BRANCHES_NAMED_MAX:]:
        sentences.append(
            f"Entries waited at {counted(len(rest), 'other branch', 'other branches')} too, "
            f"for {length(max(one.longest for one in rest))} or less."
        )
    return sentences


def _one_wait(one: Wait) -> str:
    if one.most == 1:
        said = f"At {shown(one.branch)} an entry waited for {length(one.longest)}"
    else:
        said = f"At {shown(one.branch)} up to {one.most:,} entries waited at a time, one for {length(one.longest)}"
    if one.reason is not None:
        who = "it" if one.reason[0] == one.branch else shown(one.reason[0])
        said += f", mostly while {who} {_WHILE[one.reason[1]]}"
    if one.awake is not None and one.awake * _PARTS < one.longest:
        said += f"; while both ends were switched on, none took longer than {length(one.awake)}"
    return said + "."


def _one_alone(one: Alone, shut_out: dict[str, int]) -> str:
    times = len(one.times)
    often = f"for {length(one.total)}"
    if times > 1:
        count = "twice" if times == 2 else f"{times:,} times"
        often = f"{count}, {often} in all and {_longest(one)} at the longest"
    return f"{shown(one.branch)} was alone {often}; {_waited(one, shut_out)}."


def _longest(one: Alone) -> str:
    return length(max(end - begin for begin, end in one.times))


def _waited(one: Alone, shut_out: dict[str, int]) -> str:
    count = len(one.waited)
    if not count:
        return "nothing waited there"
    waited = f"{counted(one.most, 'entry', 'entries')} waited there"
    if len(one.times) > 1:
        waited = f"up to {waited} at a time"
    if shut_out.get(one.branch, one.times[-1][1] + 1) <= one.times[-1][1]:
        return f"{waited}, and it was shut out before the line came back"
    if one.arrived is not None:
        where = "was everywhere it belongs" if count == 1 else "all were everywhere they belong"
        back = "after the line was back and it was switched on again" if one.was_off else "after the line came back"
        return f"{waited}, and {where} {length(one.arrived)} {back}"
    never = one.never
    if never == count:
        return f"{waited}, and {'it' if count == 1 else 'none'} never got everywhere"
    return f"{waited}, and {never:,} of them never got everywhere"


def _further_trouble(story: Story) -> list[str]:
    counts = Counter(mark.kind for mark in story.marks)
    found = [counted(counts[kind], one, many) for kind, one, many in _ELSE if counts[kind]]
    if not found:
        return []
    return [f"Besides, there {'was' if found[0].startswith('1 ') else 'were'} {listed(found)}."]


def _convergence(story: Story) -> str:
    if story.in_sync is None:
        return f"In the end they were not all in sync, {length(story.ended - story.lasts)} after everything was healed."
    if story.in_sync <= story.lasts:
        return "In the end all were in sync, as soon as everything was healed."
    return f"In the end all were in sync, {length(story.in_sync - story.lasts)} after everything was healed."


def _settling(story: Story) -> str:
    found = left_to_settle(story)
    if not found:
        return "Nothing needs a person."
    single = len(story.conflicts) + len(story.problems) == 1
    return f"{sentence(listed(found))} {'needs' if single else 'need'} a person."


def _loss(story: Story) -> list[str]:
    burnt = {lane.name for lane in story.lanes if any(span.why == "gone" for span in lane.spans)}
    never = [one for one in story.deliveries if one.everywhere is None]
    lost = sum(one.who in burnt for one in never)
    found = []
    if lost:
        found.append(
            f"{counted(lost, 'entry was', 'entries were')} made on a device that was lost before "
            f"{'it was' if lost == 1 else 'they were'} everywhere."
        )
    if late := len(never) - lost:
        found.append(f"{counted(late, 'entry was', 'entries were')} not everywhere when the run ended.")
    if aside := story.counted.get(SET_ASIDE, 0):
        counts = "counts nowhere until somebody lets it" if aside == 1 else "count nowhere until somebody lets them"
        found.append(f"{counted(aside, 'change')} of devices that were shut out {counts}.")
    if late or lost or story.violations:
        return found
    if not story.deliveries:
        return [*found, "Nothing was entered."]
    return [*found, "Nothing else was lost." if found else "Nothing was lost."]
