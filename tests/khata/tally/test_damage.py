"""Damaged files: whatever happens to the bytes, there is a plan, and it says what is wrong."""

import io
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt_models.packing import check_value
from crdt_models.vouchers import KIND, check, posting_from
from khata.tally.importer import binding_for, plan
from khata.tally.reader import read_stream
from tests.khata.tally import generate
from tests.khata.tally.books import COMPANY, Books

DATA = Path(__file__).parents[2] / "data" / "tally"
FILES = [
    (DATA / "bridge" / "vouchers_native_wr2.xml").read_bytes(),
    (DATA / "bridge" / "group_snapshot_wr2_with_identity.utf16le.xml").read_bytes()[:9000],
    (DATA / "tally-mcp" / "day-book-trading.xml").read_bytes(),
    (DATA / "tally-mcp" / "stock-items-populated.xml").read_bytes(),
    (DATA / "tally-mcp" / "voucher-types.xml").read_bytes(),
    generate.company(Random(3), vouchers=8).xml(all_entries=False),
    generate.company(Random(4), vouchers=8).xml("collection", "utf-16-le-bom"),
]
TOKENS = [
    b"&#4;",
    b"&",
    b"<",
    b">",
    b"</VOUCHER>",
    b"<VOUCHER>",
    b"-",
    b"\x00",
    b"\xff",
    b"9" * 30,
    b"<!DOCTYPE x>",
    b"=",
]
TOKENS += [
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    "₹".encode(),
    b"@",
    b"/",
    b"20261399",
    b"NaN",
    b"1e9",
    b'"',
    b"<AMOUNT>x</AMOUNT>",
]


def checked_plan(data):
    """The plan for these bytes; whatever it says, what it would save can be kept and counted."""
    made = plan(read_stream(io.BytesIO(data), "damaged.xml"), Books(), COMPANY, binding_for("device"), "ho")
    for batch in made.batches():
        for save in batch:
            check_value(save.changes)
            if save.kind == KIND:
                check(posting_from(save.changes["posting"]))
    assert all(skipped.reason and skipped.place.record > 0 for skipped in made.skipped)
    assert all(finding.text for finding in made.findings)
    assert len(made) or made.skipped or made.findings
    return made


def damaged(random, data):
    data = bytearray(data)
    for _ in range(random.randrange(1, 6)):
        place = random.randrange(len(data))
        kind = random.randrange(5)
        if kind == 0:
            data[place] = random.randrange(256)
        elif kind == 1:
            del data[place : place + random.choice((1, 2, 10, 500))]
        elif kind == 2:
            data[place:place] = random.choice(TOKENS)
        elif kind == 3:
            other = random.randrange(len(data))
            data[place:place] = data[other : other + random.randrange(400)]
        else:
            # Damage that leaves the markup whole: the value of one field is replaced.
            start = data.find(b">", place) + 1
            end = data.find(b"<", start)
            if 0 < start <= end:
                data[start:end] = random.choice(TOKENS)
    return bytes(data)


@given(st.integers(0, 2**32), st.sampled_from(FILES))
def test_random_damage_never_stops_an_import_without_a_word(seed, data):
    random = Random(seed)
    checked_plan(damaged(random, data))


@given(st.integers(0, 2**32), st.sampled_from(FILES))
def test_the_field_of_a_good_file_may_hold_anything(seed, data):
    random = Random(seed)
    encoding = "utf-16-le" if b"\x00" in data else "utf-8"
    text = data.decode(encoding)
    for _ in range(3):
        start = text.find(">", random.randrange(len(text))) + 1
        end = text.find("</", start)
        if 0 < start <= end and "<" not in text[start:end]:
            junk = "".join(random.choices("0123456789.-=/@ ₹$,()&;#x4NosYKg\t\n", k=random.randrange(12)))
            text = text[:start] + junk.replace("<", "") + text[end:]
    checked_plan(text.encode(encoding))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_plan(data):
    checked_plan(data)


@given(st.text("<>/&;#\"'= \nABVOUCHERDTLINSX.4", max_size=200))
def test_any_scraps_of_markup_give_a_plan(text):
    checked_plan(f"<ENVELOPE><BODY><DATA>{text}</DATA></BODY></ENVELOPE>".encode())


@pytest.mark.parametrize("data", FILES, ids=range(len(FILES)))
def test_a_file_cut_short_anywhere_is_refused_as_a_whole(data):
    whole = checked_plan(data)
    for cut in range(1, len(data) - 12, max(1, len(data) // 60)):
        made = checked_plan(data[:cut])
        assert made.refused
        assert len(made) == 0
    assert len(whole) or whole.refused
