"""From bytes to clean XML: every encoding, every illegal character, at every place where chunks may be cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.tally.decode import RESERVED, Decoder, encoding_of
from khata.tally.errors import UnreadableFile


def decoded(data, size=1 << 16):
    decoder = Decoder()
    first = max(size, 64)
    chunks = [data[:first], *(data[start : start + size] for start in range(first, len(data), size))]
    return b"".join([decoder.feed(chunk) for chunk in chunks] + [decoder.finish()]).decode(), decoder


TEXT = '<A NAME="Café नमस्ते ₹">x &amp; y &lt; z &#169; &#x20B9;</A>'


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_every_encoding_gives_the_same_text(data, encoding):
    text, decoder = decoded(data)
    assert text == TEXT
    assert decoder.encoding == encoding_of(data)[0] == encoding
    assert not decoder.windows_1252
    assert decoder.repaired == 0


def test_windows_1252_in_disguise():
    text, decoder = decoded(b'<?xml version="1.0" encoding="UTF-8"?><A>Caf\xe9 \x80 5 \x93x\x94</A>')
    assert text == "<A>Café € 5 “x”</A>"
    assert decoder.windows_1252


def test_one_damaged_name_does_not_spoil_the_others():
    text, decoder = decoded("<A>नमस्ते</A><B>Caf".encode() + b"\xe9" + "</B><C>ट्रेडर्स</C>".encode())
    assert text == "<A>नमस्ते</A><B>Café</B><C>ट्रेडर्स</C>"
    assert decoder.windows_1252


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#4; Primary", f"{RESERVED} Primary"),
        ("&#x4; Any", f"{RESERVED} Any"),
        ("\x04 Primary", f"{RESERVED} Primary"),
        (f"{RESERVED} forged", " forged"),
        ("&#64976; forged", " forged"),
        ("a\x00b\x03c\x1fd", "abcd"),
        ("&#0;&#3;&#x1F;&#65535;&#xD800;&#1114112;", ""),
        ("two&#13;&#10;lines &#9;", "two&#13;&#10;lines &#9;"),
        ("Sons & Co & &nbsp; &unknown; &#; &", "Sons &amp; Co &amp; &amp;nbsp; &amp;unknown; &amp;#; &amp;"),
        ("<![CDATA[a < b & c]]>", "a &lt; b &amp; c"),
        ("<!-- a comment -->", "<!-- a comment -->"),
    ],
)
def test_what_xml_forbids_is_repaired(written, read):
    assert decoded(f"<A>{written}</A>".encode())[0] == f"<A>{read}</A>"


def test_the_declaration_goes_and_its_lines_stay():
    assert decoded(b'\n<?xml version="1.0"\n encoding="UTF-16"?>\n<A/>')[0] == "\n\n\n<A/>"


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        "<!doctype a><a/>",
        '<a/><!ENTITY b "c">',
        "<a/>" + " " * 70000 + "<!DOCTYPE a>",
        "<a><![CDATA[" + "x" * (1 << 21),
    ],
)
def test_document_types_entities_and_endless_sections_are_refused(text):
    with pytest.raises(UnreadableFile):
        decoded(text.encode())


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "windows-1252"])
def test_chunks_may_be_cut_anywhere(size, encoding):
    text = "<A>" + "x" * 60 + "&#4; Primary & Söhne &amp; <![CDATA[a & b]]> &#13;&#10;é</A>"
    data = text.encode("cp1252" if encoding == "windows-1252" else encoding)
    assert decoded(data, size)[0] == decoded(data)[0]


@given(st.binary(max_size=300), st.integers(1, 64))
def test_any_bytes_are_decoded_or_refused(data, size):
    try:
        whole = decoded(data)[0]
    except UnreadableFile:
        return
    assert decoded(data, size)[0] == whole
    assert not set(whole) & set(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<&\x04" + RESERVED), max_size=50))
def test_text_without_markup_comes_through(text):
    clean = (
        "".join(char for char in text if char >= " " or char in "\t\n\r").replace("\ufffe", "").replace("\uffff", "")
    )
    data = f"<A>{text}</A>".encode("utf-16-le")
    assert decoded(b"\xff\xfe" + data)[0] == f"<A>{clean}</A>"
