"""Rates as masters of any origin spell them, and what counts on a date."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.entering_masters import add_master
from khata.gst.rates import EXEMPT, TAXABLE, Rates, levy_of, percentage, taxability_of
from khata.gst.split import Levy
from tests.khata.company import a_company

ONE = 1_000_000


@pytest.mark.parametrize(
    ("rates", "levy"),
    [
        ({"IGST": "18"}, Levy(18 * ONE)),
        ({"Integrated Tax": "18", "Central Tax": "9", "State Tax": "9"}, Levy(18 * ONE)),
        ({"CGST": "9", "SGST/UTGST": "9", "Cess": "1.5"}, Levy(18 * ONE, 1_500_000)),
        ({"CGST": "2.5%"}, Levy(5 * ONE)),
        ({"Cess": "12"}, Levy(0, 12 * ONE)),
        ({"VAT": "5"}, None),
        ({"IGST": "-1"}, None),
        ({"IGST": "many"}, None),
        ({}, None),
        (["IGST"], None),
    ],
)
def test_a_levy_from_what_a_master_says(rates, levy):
    assert levy_of(rates) == levy


@pytest.mark.parametrize(
    ("text", "word"),
    [("Taxable", TAXABLE), ("Nil Rated", "nil-rated"), ("Exempt", EXEMPT), ("Exempted", EXEMPT), ("Non-GST", "non-gst"),
     ("Non GST Supply", "non-gst"), ("Unknown", ""), ("", "")],
)  # fmt: skip
def test_taxability_as_tally_writes_it(text, word):
    assert taxability_of(text) == word


def test_codes_and_rates_that_change_at_different_dates_are_completed_from_before():
    books = a_company()
    item = add_master(books, "stock-item", "Soap", {
        "gst": [
            {"since": "2017-04-01", "hsn": "3401", "description": "Soaps"},
            {"since": "2018-01-01", "taxability": "Taxable", "rates": {"IGST": "28"}},
            {"since": "2019-01-01", "hsn": "34011190"},
            {"since": "2020-01-01", "taxability": "Exempt"},
            {"since": "2021-01-01", "rates": {"IGST": "5"}},
        ]
    })  # fmt: skip
    local = books.names.find("stock-item", "Soap").local
    assert item.commit is not None
    rates = Rates(books)
    found = {year: rates.on("stock-item", local, f"{year}-06-01") for year in (2016, 2017, 2018, 2019, 2020, 2021)}
    assert {year: (one.levy, one.taxability, one.hsn) for year, one in found.items()} == {
        2016: (None, "", ""),
        2017: (None, "", "3401"),
        2018: (Levy(28 * ONE), TAXABLE, "3401"),
        2019: (Levy(28 * ONE), TAXABLE, "34011190"),
        2020: (Levy(0), EXEMPT, "34011190"),
        2021: (Levy(5 * ONE), TAXABLE, "34011190"),
    }
    assert found[2021].description == "Soaps"


@given(st.one_of(st.text(max_size=20), st.none(), st.integers(), st.booleans()))
def test_any_value_is_a_percentage_or_none(value):
    found = percentage(value)
    assert found is None or found >= 0
