"""Whatever company Tally exports, in whatever form: what is planned is what was exported, and it balances."""

import io
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.masters import CostCategory, CostCentre, Godown, Group, Ledger, StockItem, Unit, VoucherType
from crdt_models.money import Amount, Quantity
from crdt_models.vouchers import Voucher, check, imbalance, imported_voucher_id
from khata.tally.importer import binding_for, plan
from khata.tally.reader import read_stream
from tests.khata.tally import generate
from tests.khata.tally.books import COMPANY, Books

# Seeds instead of st.randoms: drawing each random number through Hypothesis costs more than everything tested here.
randoms = st.integers(0, 2**32).map(Random)
BINDING = "device/{}"


def planned(books, *files, binding=None):
    records = [parsed for data in files for parsed in read_stream(io.BytesIO(data), "export.xml")]
    return plan(records, books, COMPANY, binding or binding_for("device"), "ho")


def amount(hundredths):
    return Amount(hundredths * 100).text


def expected(voucher):
    """A generated voucher in khata's words: what an import should make of it."""
    lines = sorted(
        (
            line.ledger,
            amount(line.amount),
            tuple((bill.kind, bill.name, amount(bill.amount)) for bill in line.bills),
            tuple((centre, category, amount(part)) for category, centre, part in line.centres),
            amount(line.foreign[1]) if line.foreign else "",
        )
        for line in voucher.lines
    )
    stock = sorted(
        (line.item, Quantity(quantity * 10**4).text, amount(part), godown, batch, line.unit, line.account)
        for line in voucher.stock
        for godown, batch, quantity, part in line.places
    )
    head = (voucher.type, voucher.date, voucher.number, voucher.narration, voucher.optional, voucher.cancelled)
    return (*head, "invoice" if voucher.invoice else "accounting", voucher.party, lines, stock)


KINDS = {"new": "New Ref", "against": "Agst Ref", "advance": "Advance", "on-account": "On Account"}


def found(books, voucher: Voucher):
    """A voucher of the books in the same words."""
    posting = voucher.posting
    lines = sorted(
        (
            books.name_of(Ledger, entry.ledger),
            entry.amount,
            tuple((KINDS[bill.kind], bill.name, bill.amount) for bill in entry.bills),
            tuple(
                (books.name_of(CostCentre, cost.centre), books.name_of(CostCategory, cost.category), cost.amount)
                for cost in entry.costs
            ),
            entry.forex.amount if entry.forex else "",
        )
        for entry in posting.entries
    )
    stock = sorted(
        (
            books.name_of(StockItem, line.item),
            line.quantity,
            line.amount,
            books.name_of(Godown, line.godown),
            line.batch,
            books.name_of(Unit, line.unit),
            books.name_of(Ledger, line.ledger),
        )
        for line in posting.stock
    )
    kind = books.name_of(VoucherType, posting.type)
    head = (kind, posting.date, voucher.number, voucher.narration, voucher.optional, voucher.cancelled)
    return (*head, posting.view, books.name_of(Ledger, posting.party), lines, stock)


@given(randoms, st.sampled_from(generate.STYLES), st.sampled_from(generate.ENCODINGS), st.booleans())
def test_what_is_planned_is_what_was_exported(random, style, encoding, all_entries):
    company = generate.company(random)
    books = Books()
    made = planned(books, company.xml(style, encoding, all_entries=all_entries))
    assert not made.skipped
    assert not made.refused
    books.carry_out(made)
    vouchers = books.vouchers()
    for voucher in vouchers:
        check(voucher.posting)
        assert not imbalance(voucher.posting)
    assert sorted(found(books, voucher) for voucher in vouchers) == sorted(map(expected, company.vouchers))
    for name, (group, opening) in company.ledgers.items():
        ledger = books.master(Ledger, name)
        assert (books.name_of(Group, ledger.group), ledger.opening) == (group, amount(opening))
    for name, base in company.types.items():
        assert books.master(VoucherType, name).base == base.lower().replace(" ", "-")
    assert not made.defaults


@given(randoms, st.sampled_from(generate.STYLES))
def test_totals_are_the_sums_in_the_file(random, style):
    company = generate.company(random)
    (totals,) = planned(Books(), company.xml(style)).totals
    amounts = [line.amount for voucher in company.vouchers for line in voucher.lines]
    assert totals.debit.text == amount(sum(part for part in amounts if part > 0))
    assert totals.credit.text == amount(-sum(part for part in amounts if part < 0))
    assert totals.vouchers == len(company.vouchers) == sum(totals.by_type.values())
    for kind, count in totals.by_type.items():
        assert count == sum(voucher.type == kind for voucher in company.vouchers)


@given(randoms, st.sampled_from(generate.ENCODINGS), st.sampled_from(generate.ENCODINGS))
def test_importing_the_same_again_changes_nothing_in_any_form(random, first, second):
    company = generate.company(random)
    books = Books()
    binding = "device/here"
    books.carry_out(planned(books, company.xml("import", first), binding=binding))
    for style in generate.STYLES:
        for all_entries in (True, False):
            again = planned(books, company.xml(style, second, all_entries=all_entries), binding=binding)
            assert len(again) == 0, list(again.batches())
            assert again.count("voucher").unchanged == len(company.vouchers)
            assert again.count("ledger").unchanged == len(company.ledgers)


@given(randoms)
def test_masters_and_vouchers_in_two_files_in_either_order_give_the_same_books(random):
    company = generate.company(random)
    binding = "device/here"
    masters, vouchers = company.xml(vouchers=False), company.xml(masters=False)
    together, reverse, apart = Books(), Books(), Books()
    together.carry_out(planned(together, masters, vouchers, binding=binding))
    reverse.carry_out(planned(reverse, vouchers, masters, binding=binding))
    assert together.documents == reverse.documents
    # Imported one after the other, the masters correct the defaults that the vouchers had made up.
    apart.carry_out(planned(apart, vouchers, binding=binding))
    apart.carry_out(planned(apart, masters, binding=binding))
    apart.carry_out(planned(apart, vouchers, binding=binding))
    assert apart.documents == together.documents


@given(randoms)
def test_a_changed_export_alters_only_what_changed(random):
    company = generate.company(random)
    books = Books()
    books.carry_out(planned(books, company.xml()))
    voucher = random.choice(company.vouchers)
    voucher.narration = f"{voucher.narration} (altered)".strip()
    made = planned(books, company.xml())
    (save,) = [save for batch in made.batches() for save in batch]
    assert save.id == imported_voucher_id(COMPANY, BINDING.format(company.guid), voucher.guid)
    assert save.changes == {"narration": voucher.narration}
    assert not save.new


@given(randoms)
def test_a_voucher_that_is_no_longer_exported_is_left_alone(random):
    company = generate.company(random)
    books = Books()
    books.carry_out(planned(books, company.xml()))
    before = books.vouchers()
    company.vouchers = random.sample(company.vouchers, 2)
    assert len(planned(books, company.xml())) == 0
    assert books.vouchers() == before


@given(randoms)
def test_two_companies_do_not_mix_though_their_guids_count_alike(random):
    company = generate.company(random)
    books = Books()
    books.carry_out(planned(books, company.xml(), binding="pune/copy"))
    count = len(books.vouchers())
    books.carry_out(planned(books, company.xml(), binding="delhi/copy"))
    assert len(books.vouchers()) == 2 * count


@pytest.mark.parametrize("encoding", generate.ENCODINGS)
def test_a_day_book_of_some_size(encoding):
    company = generate.company(Random(7), vouchers=700)
    books = Books()
    made = planned(books, company.xml(encoding=encoding))
    assert made.count("voucher").new == 700
    assert all(len(batch) <= 256 for batch in made.batches())
    assert books.carry_out(made) == len(made)
    assert len(books.vouchers()) == 700
