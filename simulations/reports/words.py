"""The paragraph at the top of a report: what happened, for a person who runs a shop."""

import shlex
from collections import Counter
from typing import Final

from simulations.reports.plain import clock, counted, length, listed, shown
from simulations.reports.touch import Alone, alone
from simulations.story import Kind, Story

_BRANCHES_NAMED_MAX: Final = 3

# What goes wrong besides lines: the kind of its marks, one of it, many.
_ELSE: Final[tuple[tuple[Kind, str, str], ...]] = (
    ("crash", "crash", "crashes"),
    ("restored", "device put back to an old backup", "devices put back to an old backup"),
    ("cloned", "copied disk", "copied disks"),
    ("clock", "change of a clock", "changes of clocks"),
    ("disk", "trouble with a disk", "troubles with disks"),
    ("revoked", "device shut out", "devices shut out"),
)


def replay(story: Story) -> str:
    """Return the command that runs the same again."""
    return f"khata simulate {shlex.quote(story.scenario)} --seed {story.seed}"


def paragraph(story: Story) -> list[str]:
    """Return the sentences."""
    return [
        *_failure(story),
        *_loneliness(alone(story)),
        *_further_trouble(story),
        _convergence(story),
        _settling(story),
        *_loss(story),
    ]


def _failure(story: Story) -> list[str]:
    if not story.violations:
        return []
    first = min(story.violations, key=lambda one: one.at)
    count = len(story.violations)
    things = "one thing that always has to hold did not" if count == 1 else f"{count:,} things had to hold and did not"
    which = "It was" if count == 1 else "The first was"
    return [
        f"This run failed: {things}.",
        f"{which} “{shown(first.check)}”, {length(first.at)} after the beginning "
        f"({clock(story.clock_start + first.at)}): {_ended(shown(first.text))}",
        f"The seed is {story.seed}; to see it again, type: {shown(replay(story))}",
    ]


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _loneliness(found: list[Alone]) -> list[str]:
    if not found:
        return ["No branch was cut off from all others while it was switched on."]
    sentences = [_one_alone(one) for one in found[:_BRANCHES_NAMED_MAX]]
    if rest := found[_BRANCHES_NAMED_MAX:]:
        sentences.append(
            f"{counted(len(rest), 'other branch was', 'other branches were')} alone too, "
            f"for {length(max(one.total for one in rest))} {'in all' if len(rest) == 1 else 'or less each'}."
        )
    return sentences


def _one_alone(one: Alone) -> str:
    times = len(one.times)
    often = f"for {length(one.total)}"
    if times > 1:
        count = "twice" if times == 2 else f"{times:,} times"
        often = f"{count}, {often} in all and {_longest(one)} at the longest"
    return f"{shown(one.branch)} was alone {often}; {_waited(one)}."


def _longest(one: Alone) -> str:
    return length(max(end - begin for begin, end in one.times))


def _waited(one: Alone) -> str:
    count = len(one.waited)
    if not count:
        return "nothing waited there"
    waited = f"{counted(count, 'entry', 'entries')} waited there"
    if len(one.times) > 1:
        waited = f"up to {waited} at a time"
    if one.arrived is not None:
        where = "was everywhere it belongs" if count == 1 else "all were everywhere they belong"
        return f"{waited}, and {where} {length(one.arrived)} after the line came back"
    never = one.never
    if never == count:
        return f"{waited}, and {'it' if count == 1 else 'none'} never got everywhere"
    return f"{waited}, and {never:,} of them never got everywhere"


def _further_trouble(story: Story) -> list[str]:
    counts = Counter(mark.kind for mark in story.marks)
    found = [counted(counts[kind], one, many) for kind, one, many in _ELSE if counts[kind]]
    burnt = sum(any(span.why == "gone" for span in lane.spans) for lane in story.lanes)
    if burnt:
        found.append(counted(burnt, "device lost for good", "devices lost for good"))
    if not found:
        return []
    single = len(found) == 1 and found[0].startswith("1 ")
    return [f"Besides, there {'was' if single else 'were'} {listed(found)}."]


def _convergence(story: Story) -> str:
    if story.in_sync is None:
        return f"In the end they were not all in sync, {length(story.ended - story.lasts)} after everything was healed."
    if story.in_sync <= story.lasts:
        return "In the end all were in sync, as soon as everything was healed."
    return f"In the end all were in sync, {length(story.in_sync - story.lasts)} after everything was healed."


def _settling(story: Story) -> str:
    found = []
    if story.conflicts:
        found.append(counted(len(story.conflicts), "conflict"))
    if story.problems:
        found.append(counted(len(story.problems), "problem"))
    if not found:
        return "Nothing needs a person."
    single = len(story.conflicts) + len(story.problems) == 1
    return f"{listed(found)} {'needs' if single else 'need'} a person."


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
    if found or story.violations:
        return found
    if not story.deliveries:
        return ["Nothing was entered."]
    return ["Nothing was lost."]
