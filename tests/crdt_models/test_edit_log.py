"""The edit log of one document: parents first whatever clocks say, conflicts where they begin and where they end."""

from hypothesis import given
from hypothesis import strategies as st

from crdt_models.edit_log import Place, edit_log, places
from crdt_models.folding import causal_order, fold, history
from crdt_models.packing import Value
from crdt_models.saves import Save

DECADE = 10 * 365 * 24 * 3_600_000


def save(name: str, time: int, *parents: str, **values: Value) -> Save:
    return Save(_id(name), b"a" * 8, time, tuple(sorted(_id(parent) for parent in parents)), values, "asha", "entry")


def _id(name: str) -> bytes:
    return name.encode().ljust(16, b".")


def by_id(*saves: Save) -> dict[bytes, Save]:
    return {one.id: one for one in saves}


@st.composite
def documents(draw):
    """Saves of one document by devices whose clocks may be anything, each building on some of those before."""
    saves: list[Save] = []
    for at in range(draw(st.integers(1, 9))):
        parents = draw(st.lists(st.sampled_from(saves), unique_by=lambda one: one.id, max_size=3)) if saves else []
        time = draw(st.integers(0, 12) | st.sampled_from([0, DECADE]))
        values = draw(st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2))
        saves.append(Save(bytes([at]) * 16, b"a" * 8, time, tuple(sorted(p.id for p in parents)), values, "u", "entry"))
    return by_id(*draw(st.permutations(saves)))


@given(documents())
def test_places_rise_along_the_causal_order_and_no_parent_stands_after_its_child(saves):
    placed = places(saves)
    assert [one for _, one in placed] == causal_order(saves)
    assert [place for place, _ in placed] == sorted({place for place, _ in placed})
    at = {one.id: place for place, one in placed}
    assert all(at[parent] < at[one.id] for one in saves.values() for parent in one.parents)
    assert places(dict(sorted(saves.items()))) == placed


@given(documents())
def test_what_was_before_and_after_is_what_the_history_says(saves):
    told = [(one.save, tuple((c.register, c.before, c.after) for c in one.changes)) for one in edit_log(saves)]
    assert told == [(one.save, tuple(map(tuple, one.changes))) for one in history(saves)]


@given(documents())
def test_a_conflict_begins_where_the_fold_gains_one_and_ends_where_it_is_settled(saves):
    """Taken in log order, a register has several values exactly after a save beside another, until one settles them."""
    so_far: dict[bytes, Save] = {}
    for one in edit_log(saves):
        before = {conflict.register: conflict for conflict in fold(so_far).conflicts}
        so_far[one.save.id] = one.save
        after = {conflict.register: conflict for conflict in fold(so_far).conflicts}
        for change in one.changes:
            if change.beside:
                assert change.register in after
                assert {claim.save for claim in after[change.register].claims} >= {c.save for c in change.beside}
            elif change.register not in before:
                assert change.register not in after
            if change.settled and not change.beside:
                assert change.register not in after


def test_a_clock_ten_years_ahead_moves_what_builds_on_it_and_nothing_else():
    saves = by_id(save("a", DECADE, x=1), save("b", 5, "a", x=2), save("c", 3, "b", x=3))
    assert [place for place, _ in places(saves)] == [Place(DECADE, 0), Place(DECADE, 1), Place(DECADE, 2)]
    assert [one.behind_ms for one in edit_log(saves)] == [0, DECADE - 5, DECADE - 3]
    assert places(by_id(save("z", 7))) == [(Place(7, 0), save("z", 7))]


def test_a_clock_that_went_back_puts_nothing_before_its_parent():
    saves = by_id(save("a", 100, x=1), save("b", 100 - 99, "a", x=2), save("c", 150, "b", x=3))
    assert [one.save.id for one in edit_log(saves)] == [_id("a"), _id("b"), _id("c")]
    assert [one.behind_ms for one in edit_log(saves)] == [0, 99, 0]


def test_two_apart_then_one_who_saw_both():
    saves = by_id(
        save("a", 1, x="old"), save("b", 2, "a", x="one"), save("c", 3, "a", x="two"), save("d", 4, "b", "c", x="two")
    )
    first, second, third, fourth = (one.changes[0] for one in edit_log(saves))
    assert (first.before, first.settled, first.beside) == (None, (), ())
    assert (second.before, second.settled, second.beside) == ("old", (), ())
    assert (third.before, [claim.value for claim in third.beside]) == ("old", ["one"])
    assert (fourth.before, [claim.value for claim in fourth.settled], fourth.beside) == ("two", ["two", "one"], ())


def test_the_same_change_made_twice_apart_is_no_conflict():
    saves = by_id(save("a", 1, x="old"), save("b", 2, "a", x="new"), save("c", 3, "a", x="new"))
    assert [one.changes[0].beside for one in edit_log(saves)] == [(), (), ()]


def test_who_knew_of_nothing_before_is_a_first_save():
    saves = by_id(save("a", 1, x=1), save("b", 2, x=2), save("c", 3, "not here", x=3))
    assert [one.first for one in edit_log(saves)] == [True, True, False]
