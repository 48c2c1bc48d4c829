"""Files as streams of records: places, both envelopes, hostile input, bounded memory."""

import io

import pytest

from khata.tally import envelope
from khata.tally.envelope import Envelope
from khata.tally.errors import UnreadableFile
from tests.khata.tally.texts import file, master, sale


def records(data):
    return [(record.tag, record.line, record.ordinal) for record in Envelope(io.BytesIO(data)).records()]


def test_records_know_their_place():
    data = file(master("LEDGER", "A"), "\n\n", sale("A", "5"), sale("A", "6"))
    assert records(data) == [("LEDGER", 3, 1), ("VOUCHER", 6, 2), ("VOUCHER", 8, 3)]


def test_places_stay_right_far_into_a_file():
    data = file("\n" * 70000, sale("A", "5"))
    ((_, line, _),) = records(data)
    assert 70003 <= line <= 70004


@pytest.mark.parametrize(
    "wrap",
    [
        "<ENVELOPE><BODY><IMPORTDATA><REQUESTDATA><TALLYMESSAGE>{}</TALLYMESSAGE></REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>",
        "<ENVELOPE><BODY><DATA><TALLYMESSAGE xmlns:UDF='TallyUDF'>{}</TALLYMESSAGE></DATA></BODY></ENVELOPE>",
        "<ENVELOPE><BODY><DATA><COLLECTION>{}</COLLECTION></DATA></BODY></ENVELOPE>",
        "<ENVELOPE><BODY><DATA>{}</DATA></BODY></ENVELOPE>",
        "<ENVELOPE><BODY>{}</BODY></ENVELOPE>",
        "<ENVELOPE>{}</ENVELOPE>",
        "<!-- redacted -->\n<ENVELOPE><BODY><DATA>{}</DATA></BODY></ENVELOPE>",
    ],
)
def test_every_envelope_is_opened(wrap):
    assert [tag for tag, _, _ in records(wrap.format(master("GROUP", "A")).encode())] == ["GROUP"]


def test_counters_and_nested_elements_are_no_records():
    inside = "<CMPINFO><VOUCHER>0</VOUCHER><LEDGER>3</LEDGER></CMPINFO>"
    data = file(master("LEDGER", "A", "<GROUP>x</GROUP><UNIT>y</UNIT>"), desc=inside)
    assert [tag for tag, _, _ in records(data)] == ["LEDGER"]


def test_a_prefix_nobody_declared_is_no_error():
    assert len(records(file(master("LEDGER", "A", "<UDF:NOTE UDF:X='1'>y</UDF:NOTE>")))) == 1


def bomb():
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><ENVELOPE><BODY>&e9;</BODY></ENVELOPE>'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n ",
        b"just text",
        b"<ENVELOPE><BODY>",
        b"<ENVELOPE></BODY></ENVELOPE>",
        b"</khata-file><ENVELOPE/>",
        b"\x00\x01\x02\x03",
        b"PK\x03\x04 a zip file",
        bomb(),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><ENVELOPE/>',
        b"<ENVELOPE>" + b"<A>" * 100_000,
        b"<ENVELOPE " + b" ".join(b'a%d="1"' % n for n in range(3)) + b' a1="2"/>',
        '<?xml version="1.0"?><ENVELOPE>'.encode("utf-16-le") + b"\x00",
    ],
    ids=range(13),
)
def test_what_is_no_export_is_refused_with_a_sentence(data):
    with pytest.raises(UnreadableFile, match=r"\w+ \w+"):
        records(data)


@pytest.mark.parametrize("data", [b'{"tallymessage": []}', b"Date,Particulars\n", b"PK\x03\x04", b"\xff\xfe{\x00}\x00"])
def test_another_format_is_told_from_a_damaged_file(data):
    with pytest.raises(UnreadableFile, match="not XML"):
        records(data)


def test_entities_stand_for_themselves():
    record = next(Envelope(io.BytesIO(file(master("LEDGER", "Sons &amp; Co &nbsp; & Bros")))).records())
    assert record.element.get("NAME") == "Sons & Co &nbsp; & Bros"


def test_a_record_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(envelope, "RECORD_BYTES_MAX", 1 << 20)
    data = file("<VOUCHER>" + "<X>y</X>" * 200_000)
    with pytest.raises(UnreadableFile, match="no complete master or voucher"):
        records(data)


def test_facts_do_not_grow_with_the_file():
    inside = "<LINEERROR>x</LINEERROR>" * 5000
    source = Envelope(io.BytesIO(file(master("LEDGER", "A", inside), inside, desc=inside)))
    assert len(list(source.records())) == 1
    assert len(source.facts.line_errors) == 100


def test_the_elements_of_past_records_are_freed():
    source = Envelope(io.BytesIO(file(*(sale("A", str(number)) for number in range(1, 300)))))
    held = [sum(1 for _ in record.element.itersiblings(preceding=True)) for record in source.records()]
    assert len(held) == 299
    assert max(held) <= 1


def test_progress_is_told():
    seen: list[int] = []
    data = file(*(sale("A", "5") for _ in range(2000)))
    assert len([record.tag for record in Envelope(io.BytesIO(data), seen.append).records()]) == 2000
    assert sum(seen) == len(data)
    assert len(seen) > 3
