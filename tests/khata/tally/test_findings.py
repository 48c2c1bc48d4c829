"""What is said about whole files: refused, reversed, unbalanced, of the wrong company."""

import pytest

from khata.tally.importer import plan
from khata.tally.parsed import SourceCompany
from khata.tally.reader import find_company, read
from tests.khata.tally.books import COMPANY, Books
from tests.khata.tally.texts import GUID, codes, file, ledger, master, planned, sale, text_of, voucher

TAX_INVOICE = master("VOUCHERTYPE", "Tax Invoice", "<PARENT>Sales</PARENT>")


def test_one_refused_file_does_not_keep_the_others_out():
    made = planned(Books(), file(sale("Asha", "5"))[:-20], file(sale("Bala", "6", guid="2"), master("LEDGER", "C")))
    (finding,) = made.refused
    assert (finding.file, finding.code) == ("a.xml", "unreadable")
    assert made.count("voucher").new == 1
    assert made.defaults["ledger"] == ["Bala", "Sales"]
    assert [totals.file for totals in made.totals] == ["b.xml"]


def flagged(amount, flag):
    return ledger("Asha" if flag == "Yes" else "Sales", amount, f"<ISDEEMEDPOSITIVE>{flag}</ISDEEMEDPOSITIVE>")


def test_a_sign_reversed_file_says_so():
    objects = [voucher(flagged("5", "Yes"), flagged("-5", "No"), guid=str(number)) for number in range(3)]
    made = planned(Books(), file(*objects))
    assert "in 6 of 6 ledger lines" in text_of(made, "sign-reversed")
    assert made.count("voucher").new == 3
    # The party's side tells it where no flag does.
    party = "<PARTYLEDGERNAME>Asha</PARTYLEDGERNAME>"
    objects = [voucher(party, ledger("Asha", "5"), ledger("Sales", "-5"), guid=str(number)) for number in range(3)]
    made = planned(Books(), file(*objects))
    assert "in 3 of 3 vouchers the party stands on the wrong side" in text_of(made, "sign-reversed")


def test_a_good_file_with_some_odd_lines_is_not_called_reversed():
    objects = [voucher(flagged("-5", "Yes"), flagged("5", "No"), guid=str(number)) for number in range(9)]
    made = planned(Books(), file(*objects, voucher(flagged("-5", "No"), flagged("5", "Yes"), guid="odd")))
    assert "sign-reversed" not in codes(made)


def test_a_file_of_unbalanced_vouchers_says_so():
    objects = [voucher(ledger("Asha", "-5"), guid=str(number)) for number in range(3)]
    made = planned(Books(), file(*objects))
    assert "all 3 vouchers do not balance" in text_of(made, "unbalanced")
    assert len(made.skipped) == 3
    made = planned(Books(), file(*objects, sale("Asha", "5")))
    assert "3 of 4 vouchers do not balance" in text_of(made, "unbalanced")


def test_totals_name_what_a_file_brings():
    objects = [sale("Asha", "5"), sale("Asha", "7.25", kind="Tax Invoice", guid="2"), TAX_INVOICE]
    (totals,) = planned(Books(), file(*objects)).totals
    assert (totals.vouchers, totals.masters, totals.records) == (2, 1, 3)
    assert totals.by_type == {"Sales": 1, "Tax Invoice": 1}
    assert (totals.debit.text, totals.credit.text) == ("12.25", "12.25")


def test_a_record_of_another_kind_is_counted_and_named():
    made = planned(Books(), file(master("BUDGET", "B"), master("TAXUNIT", "T"), master("LEDGER", "L")))
    assert "BUDGET (1), TAXUNIT (1)" in text_of(made, "not-kept")


REMOTE = (
    f'<TALLYMESSAGE><COMPANY><REMOTECMPINFO.LIST MERGE="Yes"><NAME>{GUID}</NAME><REMOTECMPNAME>Sharma</REMOTECMPNAME>'
    "</REMOTECMPINFO.LIST></COMPANY></TALLYMESSAGE>"
)
OTHER = "00000000-1111-2222-3333-444444444444"


@pytest.mark.parametrize(
    ("data", "company"),
    [
        (file(REMOTE, sale("A", "5")), SourceCompany(GUID, "Sharma")),
        (file(sale("A", "5")), SourceCompany(GUID, "")),
        (file(sale("A", "5", guid="aaaa-1")), SourceCompany("", "")),
        (
            file(
                sale("A", "5", guid="x"),
                desc="<STATICVARIABLES><SVCURRENTCOMPANY>S &amp; Co</SVCURRENTCOMPANY></STATICVARIABLES>",
            ),
            SourceCompany("", "S & Co"),
        ),
        (
            file(f'<COMPANYCONTEXT NAME="Ctx" GUID="{OTHER}"/>', sale("A", "5")),
            SourceCompany(OTHER, "Ctx"),
        ),
    ],
)
def test_the_company_a_file_came_from(data, company, tmp_path):
    (tmp_path / "a.xml").write_bytes(data)
    assert find_company(tmp_path / "a.xml") == company


def test_a_file_of_another_company_than_expected_is_refused():
    data = file(REMOTE, sale("A", "5"))
    for expected in (GUID, GUID.upper(), "sharma"):
        assert not planned(Books(), data, expected=expected).refused
    made = planned(Books(), data, expected="Verma")
    assert "the file is of Sharma, not of Verma" in text_of(made, "wrong-company")
    assert len(made) == 0


def test_a_file_of_two_companies():
    made = planned(
        Books(), file(sale("A", "5"), sale("A", "6", guid=f"{OTHER}-00000001"), sale("A", "7", guid=f"{GUID}-00000002"))
    )
    assert "1 of 3 records carry GUIDs of 1 other companies" in text_of(made, "mixed-company")
    assert made.count("voucher").new == 3
    made = planned(Books(), file(REMOTE, REMOTE.replace(GUID, OTHER), sale("A", "5")))
    assert [finding.code for finding in made.refused] == ["mixed-company"]
    made = planned(Books(), file(REMOTE, sale("A", "5", guid=f"{OTHER}-00000001")))
    assert "another company" in text_of(made, "mixed-company")


def test_an_unreadable_path_is_a_finding(tmp_path):
    made = plan(read([tmp_path / "nowhere.xml", tmp_path]), Books(), COMPANY, "x", "ho")
    assert codes(made) == ["unreadable", "unreadable"]
    assert all(finding.refuses for finding in made.findings)
