"""Cost centres: what each bears, with those below it, and what nobody bears."""

from khata.entering import enter_form
from khata.entering_masters import add_master, merge_masters
from khata.reports.cost_centres import cost_centres
from khata.reports.span import Span
from tests.khata.company import a_branch, a_company, ledger, sync


def a_workshop():
    books = a_company()
    ledger(books, "Wages", "Indirect Expenses", cost_centres=True)
    ledger(books, "Rent", "Indirect Expenses", cost_centres=True)
    jobs = add_master(books, "cost-category", "Jobs", {}).id
    plant = add_master(books, "cost-centre", "Plant", {}).id
    add_master(books, "cost-centre", "Lathe", {"parent": plant})
    add_master(books, "cost-centre", "Press", {"parent": plant})
    add_master(books, "cost-centre", "Job 7", {"category": jobs})
    return books


def charged(books, expense, amount, date="2026-04-02", **centres):
    costs = [{"centre": name.replace("_", " "), "amount": str(part)} for name, part in centres.items()]
    entries = [{"ledger": expense, "amount": str(amount), "costs": costs}, {"ledger": "Cash", "amount": str(-amount)}]
    return enter_form(books, {"type": "Payment", "date": date, "entries": entries})


def amounts(report):
    return {
        category["category"]: {" / ".join(row["centre"]): (row["amount"], row["total"]) for row in category["centres"]}
        for category in report["categories"]
    }


def test_a_centre_bears_its_own_and_what_those_below_it_bear():
    books = a_workshop()
    charged(books, "Wages", 100, Lathe=70, Plant=30)
    made = charged(books, "Rent", 50, Lathe=10, Press=40)
    report = cost_centres(books)
    assert amounts(report) == {
        "Primary Cost Category": {
            "Plant": ("30.00", "150.00"), "Plant / Lathe": ("80.00", "80.00"), "Plant / Press": ("40.00", "40.00"),
        }
    }  # fmt: skip
    (press,) = [row for row in report["categories"][0]["centres"] if row["centre"][-1] == "Press"]
    (rent,) = press["ledgers"]
    assert (rent["ledger"], rent["amount"]) == ("Rent", "40.00")
    assert [(row["id"], row["amount"]) for row in rent["vouchers"]] == [(made.id.hex(), "40.00")]
    assert report["categories"][0]["total"] == "150.00"
    assert report["categories"][0]["uncharged"] == report["uncharged"] == []


def test_what_is_charged_to_nobody_is_named_within_its_category_or_by_itself():
    books = a_workshop()
    charged(books, "Wages", 100, Lathe=60, Job_7=100)
    charged(books, "Rent", 50)
    report = cost_centres(books)
    uncharged = {
        row["category"]: [(one["ledger"], one["amount"]) for one in row["uncharged"]] for row in report["categories"]
    }
    assert uncharged == {"Jobs": [], "Primary Cost Category": [("Wages", "40.00")]}
    assert [(one["ledger"], one["amount"]) for one in report["uncharged"]] == [("Rent", "50.00")]


def test_a_range_a_branch_and_merged_centres():
    office = a_workshop()
    pune = a_branch(office, "Pune")
    charged(office, "Wages", 100, date="2026-04-02", Lathe=100)
    charged(pune, "Wages", 7, date="2026-05-02", Press=7)
    sync(office, pune)
    primary = "Primary Cost Category"
    assert amounts(cost_centres(office, Span(since="2026-05-01")))[primary]["Plant"] == ("0.00", "7.00")
    assert amounts(cost_centres(office, Span(branch="HO")))[primary]["Plant"] == ("0.00", "100.00")
    merge_masters(office, "cost-centre", "Press", "Lathe")
    sync(office, pune)
    assert amounts(cost_centres(pune))[primary] == {"Plant": ("0.00", "107.00"), "Plant / Lathe": ("107.00", "107.00")}
    assert cost_centres(office) == cost_centres(pune)
