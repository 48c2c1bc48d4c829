"""Rules between real copies: the handshake step by step, what flows and what does not, and copies that are rebuilt."""

import json

import pytest

from tests.e2e.conftest import Company
from tests.e2e.shop import Copy


def listed(copy: Copy, name: str) -> dict[str, object]:
    rows = copy.run("rule", "list")
    (row,) = [row for row in rows if row["name"] == name]
    return dict(row)


def numbers(copy: Copy) -> set[str]:
    return {row["number"] for row in copy.run("voucher", "list") if row["number"]}


def test_an_offer_is_followed_from_step_to_step_at_both_ends(company: Company) -> None:
    ho, pune, nagpur = company
    offered = nagpur.run("rule", "offer", "Pune", "--name", "stock", "--preset", "masters-only", json=False)
    assert "rule stock is offered" in offered.said
    assert "next: it travels" in offered.said
    assert listed(nagpur, "stock")["step"] == "offered"
    with ho.serve() as serving:
        peer = ("sync", "--peer", serving.address)
        nagpur.run(*peer)
        told = pune.run(*peer, json=False).said
        assert "rule stock between Nagpur and Pune: delivered; next: khata rule activate" in told
        assert listed(pune, "stock")["step"] == "delivered"
        assert "before it is activated" not in pune.run("rule", "activate", "stock", json=False).said
        assert listed(pune, "stock")["step"] == "active"
        pune.run(*peer)
        assert "rule stock between Nagpur and Pune: ready" in nagpur.run(*peer, json=False).said
    with nagpur.serve() as serving:
        pune.run("sync", "--peer", serving.address)
    assert listed(pune, "stock")["step"] == listed(nagpur, "stock")["step"] == "ready"


def test_what_a_rule_would_let_flow_is_shown_before_anything_does(company: Company) -> None:
    ho = company.ho
    everything = ho.run("rule", "preview", "Pune everything")
    sales = ho.run("rule", "preview", "Pune", "--types", "Sales", "--masters", "ledger", "--no-files")
    assert {part["part"].split("/")[0] for part in sales["parts"]} == {"masters", "vouchers"}
    assert 0 < sales["documents"] < everything["documents"]
    assert everything["delivered_already"] == everything["commits"]
    assert len(ho.run("rule", "list")) == 3
    assert "no branch" in ho.fails("rule", "preview", "Surat")


def test_pausing_turning_down_and_altering_a_live_rule(company: Company) -> None:
    ho, pune, _ = company
    with ho.serve() as serving:
        peer = ("sync", "--peer", serving.address)
        pune.run("rule", "pause", "Pune everything")
        pune.run(*peer)
        entered = ho.receipt("77.00")["number"]
        pune.run(*peer)
        assert entered not in numbers(pune)
        assert "resume" in str(listed(ho, "Pune everything")["next"])
        ho.run("rule", "resume", "Pune everything")
        pune.run(*peer)
        assert entered not in numbers(pune), "who paused resumes"
        pune.run("rule", "resume", "Pune everything")
        pune.run(*peer)
        assert entered in numbers(pune)
        ho.run("rule", "alter", "Pune everything", "--preset", "masters-only")
        pune.run(*peer)
        second = ho.receipt("78.00")["number"]
        pune.run(*peer)
        assert second in numbers(pune), "what was agreed holds until the change is accepted"
        pune.run("rule", "activate", "Pune everything")
        pune.run(*peer)
        third = ho.receipt("79.00")["number"]
        pune.run(*peer)
        assert third not in numbers(pune)
        pune.run("rule", "reject", "Pune everything", "--reason", "we close")
        pune.run(*peer)
    assert listed(ho, "Pune everything")["state"] == "rejected"
    assert listed(ho, "Pune everything")["reason"] == "we close"


def test_marking_as_synchronized_delivers_nothing_and_can_be_taken_back(company: Company) -> None:
    ho, pune, _ = company
    with ho.serve() as serving:
        peer = ("sync", "--peer", serving.address)
        pune.run("rule", "mark-synced", "Pune everything", "--since", "2026-10")
        pune.run(*peer)
        before = ho.receipt("5.00", date="2026-09-05")["number"]
        after = ho.receipt("6.00", date="2026-10-05")["number"]
        pune.run(*peer)
        assert (before in numbers(pune), after in numbers(pune)) == (False, True)
        log = pune.run("log", "--kind", "rule", "--reverse", "--limit", "1")
        assert json.dumps(log).count("2026-10") >= 1
        pune.run("rule", "mark-synced", "Pune everything", "--undo")
        pune.run(*peer)
        assert {before, after} <= numbers(pune)


def test_everything_is_compared_anew_and_a_copy_is_rebuilt_from_those_who_hold_it_all(company: Company) -> None:
    ho, pune, nagpur = company
    mine = pune.receipt("41.00")["number"]
    assert "nobody in reach" in pune.fails("sync", "--rebuild", "--yes", "--peer", "127.0.0.1:9", code=3)
    with ho.serve() as serving:
        peer = ("--peer", serving.address)
        pune.run("sync", "--full", *peer)
        before = pune.digest
        refused = pune.start("sync", "--rebuild", *peer, given="n\n").wait()
        assert refused.code == 1
        assert "Head Office holds everything" in refused.said
        assert pune.digest == before
        done = pune.run("sync", "--rebuild", "--yes", *peer)
        assert done["holders"] == ["Head Office"]
        assert done["received"] > 0
        assert pune.digest == before
        assert pune.receipt("42.00")["number"] > mine
        pune.run("sync", *peer)
    pune.verify()
    assert pune.digest == ho.digest
    assert not (pune.folder / "rebuilding").exists()
    assert nagpur.commits > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rule", "offer", "Pune", "--preset", "most"), "there is no preset 'most'"),
        (("rule", "offer", "Head Office"), "a rule is between two branches"),
        (("rule", "offer", "Pune", "--masters", "ledgers"), "'ledgers' is no kind of master"),
        (("rule", "offer", "Pune", "--since", "april"), "is no month"),
        (("rule", "offer", "Pune", "--every", "often"), "says not how often"),
        (("rule", "offer", "Pune", "--mode", "post"), "is no mode"),
        (("rule", "offer", "Pune", "--direction", "up"), "is no direction"),
        (("rule", "offer", "Pune", "--name", "Pune everything"), "there is a rule 'Pune everything' already"),
        (("rule", "activate", "Pune everything"), "which has to answer it"),
        (("rule", "show", "nothing"), "there is no rule 'nothing'"),
        (("rule", "show", "Pune"), "may mean"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(
    office: Copy, arguments: tuple[str, ...], sentence: str
) -> None:
    if arguments[-1] == "Pune" and arguments[1] == "show":
        office.run("rule", "offer", "Pune", "--name", "second")
    assert sentence in office.fails(*arguments)
