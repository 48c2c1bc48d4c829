"""Folding against an oracle that knows nothing but who can reach whom: every clash is listed, no sequence ever is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.errors import BadValue
from crdt_models.folding import (
    Claim,
    Conflict,
    Folded,
    ancestor_sets,
    as_seen_at,
    causal_order,
    conflict_id,
    fold,
    heads,
    history,
)
from crdt_models.packing import Value, pack
from crdt_models.saves import Save
from tests.crdt_models.oracle import (
    AUTHORS,
    REGISTERS,
    a_save,
    alike,
    by_id,
    check_equal,
    expected,
    graphs,
    knows,
    last_words,
    rights,
    save_id,
)


@given(graphs())
def test_folding_agrees_with_plain_reachability(saves):
    check_equal(fold(saves), expected(saves))
    assert heads(saves.values()) == expected(saves).heads


@given(graphs(), rights)
def test_folding_with_rights_drops_values_and_keeps_parents(saves, allowed):
    def may_write(register: str, author: bytes) -> bool:
        return (register, author) in allowed

    folded = fold(saves, may_write)
    check_equal(folded, expected(saves, may_write))
    assert folded.heads == fold(saves).heads
    for claim in (claim for conflict in folded.conflicts for claim in conflict.claims):
        assert any((register, claim.author) in allowed for register in REGISTERS)


@given(graphs(), st.data())
def test_the_order_of_arrival_makes_no_difference(saves, data):
    shuffled = {name: saves[name] for name in data.draw(st.permutations(list(saves)))}
    check_equal(fold(shuffled), fold(saves))
    assert history(shuffled) == history(saves)


@given(graphs())
def test_every_clash_is_listed_and_no_sequence_is(saves):
    listed = {conflict.register: [claim.save for claim in conflict.claims] for conflict in fold(saves).conflicts}
    for register in REGISTERS:
        words = last_words(saves, register, None)
        clash = any(not alike(one.values[register], other.values[register]) for one in words for other in words)
        assert (register in listed) == clash
        claimed = [saves[name] for name in listed.get(register, ())]
        assert not any(knows(saves, one, other) for one in claimed for other in claimed)
        for word in words if clash else ():
            assert any(alike(word.values[register], one.values[register]) for one in claimed)


@given(graphs())
def test_saves_in_one_line_never_clash(saves):
    line: list[Save] = []
    for save in causal_order(saves):
        parents = (line[-1].id,) if line else ()
        line.append(Save(save.id, save.author, save.time, parents, save.values, save.user, save.origin))
    folded = fold(by_id(*line))
    assert folded.conflicts == ()
    latest: dict[str, Value] = {}
    for save in line:
        latest.update(save.values)
    assert pack(dict(folded.values)) == pack(latest)
    assert folded.heads == (line[-1].id,)


@given(graphs(), st.data())
def test_a_save_that_knows_everything_settles_the_registers_it_sets_and_no_other(saves, data):
    before = fold(saves)
    register = data.draw(st.sampled_from(REGISTERS))
    settling = Save(save_id("settling"), AUTHORS[0], -1, before.heads, {register: "settled"}, "asha", "settle")
    after = fold({**saves, settling.id: settling})
    assert after.values == {**before.values, register: "settled"}
    assert after.conflicts == tuple(conflict for conflict in before.conflicts if conflict.register != register)
    assert after.heads == (settling.id,)


@given(graphs())
def test_the_edit_log_has_every_save_once_with_what_its_author_saw(saves):
    log = history(saves)
    assert {entry.save.id for entry in log} == set(saves)
    assert len(log) == len(saves)
    for entry in log:
        seen = {name: save for name, save in saves.items() if knows(saves, entry.save, save)}
        assert [change.register for change in entry.changes] == sorted(entry.save.values)
        for change in entry.changes:
            words = last_words(seen, change.register, None)
            before = words[0].values[change.register] if words else None
            assert alike(change.before, before)
            assert alike(change.after, entry.save.values[change.register])


@given(graphs())
def test_causal_order_is_parents_first_then_time_then_id(saves):
    expected_order: list[Save] = []
    left = dict(saves)
    while left:
        ready = [save for save in left.values() if not any(parent in left for parent in save.parents)]
        earliest = min(ready, key=lambda save: (save.time, save.id))
        expected_order.append(left.pop(earliest.id))
    assert causal_order(saves) == expected_order
    for at, ancestors in enumerate(ancestor_sets(expected_order)):
        found = {other.id for position, other in enumerate(expected_order) if ancestors >> position & 1}
        assert found == {other.id for other in expected_order if knows(saves, expected_order[at], other)}


@given(graphs(), st.data())
def test_as_seen_at_a_version_is_that_version_and_all_below_it(saves, data):
    version = data.draw(st.sets(st.sampled_from(sorted(saves)), max_size=3))
    seen = as_seen_at(saves, [*version, save_id("unknown")])
    named = [saves[name] for name in version]
    assert set(seen) == version | {save.id for save in saves.values() if any(knows(saves, one, save) for one in named)}
    assert as_seen_at(saves, heads(saves.values())) == saves


@given(graphs(), st.data())
def test_whoever_lacks_some_saves_never_takes_a_clash_for_settled(saves, data):
    """What is missing can turn a clash into a sequence; such a clash is called incomplete."""
    part = {name: saves[name] for name in data.draw(st.sets(st.sampled_from(sorted(saves)), min_size=1))}
    for conflict in fold(part).conflicts:
        claimed = [saves[claim.save] for claim in conflict.claims]
        sequence = any(knows(saves, one, other) for one in claimed for other in claimed)
        assert conflict.incomplete or not sequence


# -- examples people can read ---------------------------------------------------------------------------------------


def test_two_edits_made_apart_are_a_conflict_and_the_later_one_shows():
    first = a_save("first", time=1, amount="1.00", name="Asha")
    pune = a_save("pune", first, time=5, author=1, amount="2.00")
    nagpur = a_save("nagpur", first, time=4, amount="3.00")
    folded = fold(by_id(first, pune, nagpur))
    assert folded.values == {"amount": "2.00", "name": "Asha"}
    (conflict,) = folded.conflicts
    assert conflict == Conflict(
        "amount",
        (
            Claim("2.00", pune.id, AUTHORS[1], "user 1", 5),
            Claim("3.00", nagpur.id, AUTHORS[0], "user 0", 4),
        ),
        incomplete=False,
    )
    assert folded.heads == tuple(sorted((pune.id, nagpur.id)))
    assert folded.created == 1


def test_edits_of_different_registers_and_equal_edits_do_not_clash():
    first = a_save("first", amount="1.00", name="Asha")
    others = a_save("a", first, amount="2.00"), a_save("b", first, name="Usha"), a_save("c", first, amount="2.00")
    folded = fold(by_id(first, *others))
    assert folded.values == {"amount": "2.00", "name": "Usha"}
    assert folded.conflicts == ()


@pytest.mark.parametrize(("one", "other"), [(True, 1), ("1", 1), (b"1", "1"), (None, False), ([], {}), ("", b"")])
def test_values_that_only_look_alike_clash(one, other):
    folded = fold(by_id(a_save("a", amount=one), a_save("b", amount=other)))
    assert len(folded.conflicts) == 1


def test_of_equal_times_the_higher_save_id_shows():
    saves = sorted((a_save(str(number), amount=str(number)) for number in range(5)), key=lambda save: save.id)
    folded = fold(by_id(*saves))
    assert folded.values == saves[-1].values
    assert [claim.save for claim in folded.conflicts[0].claims] == [save.id for save in reversed(saves)]


def test_a_clash_is_incomplete_until_the_missing_save_shows_it_was_a_sequence():
    first, second = a_save("first", amount="1.00"), a_save("absent", amount="2.00")
    between = a_save("absent", first, amount="2.00")
    third = a_save("third", second, amount="3.00")
    (conflict,) = fold(by_id(first, third)).conflicts
    assert conflict.incomplete
    assert fold(by_id(first, between, third)).conflicts == ()


def test_a_clash_is_incomplete_though_another_save_with_the_same_value_is_not():
    """Somebody may have taken back the other value since, knowing of it, and what they built on is on its way."""
    agreed, other = a_save("agreed", amount="1.00", time=9), a_save("other", amount="2.00", time=1)
    between = a_save("absent", other, amount="3.00", time=2)
    again = a_save("again", between, amount="1.00", time=3)
    (conflict,) = fold(by_id(agreed, other, again)).conflicts
    assert [claim.save for claim in conflict.claims] == [agreed.id, other.id]
    assert conflict.incomplete
    assert fold(by_id(agreed, other, between, again)).conflicts == ()


def test_a_settled_clash_opens_again_when_somebody_else_did_not_know():
    first = a_save("first", amount="1.00")
    one, other = a_save("one", first, amount="2.00"), a_save("other", first, amount="3.00")
    settled = a_save("settled", one, other, amount="2.00")
    assert fold(by_id(first, one, other, settled)).conflicts == ()
    late = a_save("late", one, time=9, amount="4.00")
    folded = fold(by_id(first, one, other, settled, late))
    assert {claim.value for claim in folded.conflicts[0].claims} == {"2.00", "4.00"}


def test_made_up_circles_end_and_fold_alike_in_any_order():
    one, other = a_save("one", amount="1.00"), a_save("other", amount="2.00")
    first = Save(one.id, one.author, 1, (other.id,), one.values, "", "entry")
    second = Save(other.id, other.author, 2, (one.id,), other.values, "", "entry")
    below = a_save("below", one, amount="3.00", time=3)
    folded = fold(by_id(first, second, below))
    assert folded == fold(by_id(below, second, first))
    assert len(history(by_id(first, second, below))) == 3
    assert folded.heads == (below.id,)


def test_no_saves_fold_to_nothing():
    assert fold({}) == Folded({}, (), (), None)
    assert history({}) == []


def test_a_thousand_saves_of_one_document_fold():
    saves = [a_save("0", amount="0")]
    for number in range(1, 1000):
        saves.append(a_save(str(number), *saves[-2:], time=number, amount=str(number)))
    folded = fold(by_id(*saves))
    assert folded == Folded({"amount": "999"}, (), (saves[-1].id,), 0)


CLASH = Conflict(
    "amount",
    (Claim("1.00", b"a" * 16, AUTHORS[0], "asha", 5), Claim("2.00", b"b" * 16, AUTHORS[1], "usha", 4)),
    incomplete=False,
)


def test_a_conflict_is_named_anew_when_anything_in_it_changes():
    one, other = CLASH.claims
    changed = [
        CLASH._replace(register="name"),
        CLASH._replace(claims=(other, one)),
        CLASH._replace(claims=(one,)),
        CLASH._replace(claims=(one, other, Claim("3.00", b"c" * 16, AUTHORS[2], "ila", 3))),
        CLASH._replace(claims=(one._replace(value="1.01"), other)),
        CLASH._replace(claims=(one, other._replace(value=b"2.00"))),
        CLASH._replace(claims=(one._replace(save=b"c" * 16), other)),
    ]
    names = [conflict_id("masters/ledger", b"d" * 16, conflict) for conflict in [CLASH, *changed]]
    names.append(conflict_id("masters/group", b"d" * 16, CLASH))
    names.append(conflict_id("masters/ledger", b"e" * 16, CLASH))
    assert len(set(names)) == len(names)
    assert conflict_id("masters/ledger", b"d" * 16, CLASH._replace(incomplete=True)) == names[0]


def test_a_conflict_of_a_value_nobody_could_have_saved_is_not_named():
    with pytest.raises(BadValue):
        conflict_id("masters/ledger", b"d" * 16, CLASH._replace(claims=(CLASH.claims[0]._replace(value=[2**70]),)))
