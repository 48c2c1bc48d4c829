"""Who is out of reach, and tickets that are no good any more: what is said, what is kept, what works afterwards."""

import pytest

from tests.e2e.conftest import Company
from tests.e2e.shop import Copy


def errors(copy: Copy) -> dict[str, str]:
    return {peer["name"]: peer["error"] for peer in copy.run("status")["peers"] if peer["error"]}


def test_one_out_of_reach_is_named_and_is_no_failure_beside_one_that_was_in_sync(company: Company):
    ho, pune, nagpur = company
    with ho.serve() as office, nagpur.serve() as branch:
        for serving in (office, branch):
            pune.run("sync", "--peer", serving.address)
    ended = pune.start("sync").wait()
    assert ended.code == 3
    assert set(errors(pune)) == {"Head Office", "Nagpur"}
    assert all("nobody listens at" in error for error in errors(pune).values())
    with ho.serve(listen=office.address):
        ended = pune.start("sync", "--json").wait()
        assert ended.code == 0
        assert f"not in sync with Nagpur: nobody listens at {branch.address}" in ended.err
        assert {(one["in_sync"], one["reached"]) for one in ended.json} == {(True, True), (False, False)}
        assert set(errors(pune)) == {"Nagpur"}
        assert pune.start("sync", "--peer", office.address, "--peer", branch.address).wait().code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--peer", "x:y:z"), "'x:y:z' is not an address"),
        (("--listen", "127.0.0.1:0", "--peer", "http://ho:7420"), "is not an address"),
        (("--listen", "nohost.invalid:1"), "cannot listen on nohost.invalid:1: nothing here goes by that name"),
        (("--listen", "203.0.113.9:7420"), "that is no address of this device"),
    ],
)
def test_serving_where_nobody_could_listen_or_call_is_refused_at_once(company: Company, arguments, said):
    ended = company.pune.start("serve", *arguments).wait()
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_a_device_that_was_refused_joins_with_a_new_ticket(office: Copy, tmp_path):
    surat = Copy(tmp_path / "surat")
    with office.serve() as serving:
        invite = ("branch", "add", "Surat", "--code", "SUR", "--address", serving.address)
        lost = office.run(*invite)["ticket"]
        assert "khata branch withdraw SUR" in office.fails(*invite)
        assert office.run("branch", "withdraw", "SUR") == {"branch": "sur", "code": "SUR"}
        said = surat.fails("join", lost)
        assert "withdrawn" in said
        assert "again with the new one" in said
        assert "with a new one" in surat.fails("voucher", "list")
        assert surat.run("join", office.run(*invite)["ticket"])["in_sync"]
    assert surat.digest == office.digest
    assert [row["standing"] for row in office.run("branch", "list") if row["code"] == "SUR"] == ["member"]


def test_what_is_to_be_typed_here_names_the_address(office: Copy):
    told = office.start("branch", "add", "Surat", "--code", "SUR", "--address", "192.168.1.20:7420").wait().out
    assert "There:  khata join TICKET\nHere:   khata serve --listen 192.168.1.20:7420\n" in told
