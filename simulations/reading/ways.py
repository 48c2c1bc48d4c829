"""Whether everybody can reach head office, directly or by way of others: what nobody can bring never comes."""

from collections.abc import Iterator

from simulations.reading.mistakes import Mistake
from simulations.reading.names import Names
from simulations.scenario import EVERYBODY, Scenario, line_between


def way_mistakes(scenario: Scenario, names: Names) -> Iterator[Mistake]:
    """Tell who is cut off from head office for ever by lines that are never up."""
    down = [place for place, line in enumerate(scenario.lines) if not line.up]
    if not down:
        return
    called = {name: {EVERYBODY, name, names.branch_of(name)} for name in sorted(names.devices | names.relays)}
    reached = [names.head_office]
    left = [name for name in called if name != names.head_office]
    for one in reached:
        near = [other for other in left if line_between(scenario.lines, called[one], called[other]).up]
        reached += near
        left = [name for name in left if name not in near]
    if left:
        yield Mistake(
            ("lines", down[0], "up"),
            f"{left[0]} has no way to {names.head_office}, the head office: no line that is up leads there, nor any by "
            "way of others or of a relay",
        )
