"""From the bytes of an export to clean XML text, whatever Tally made of the encoding.

Exports come as UTF-16 with a byte order mark, UTF-16 without one, UTF-8, and Windows-1252 that declares itself UTF-8.
Tally also writes characters that XML forbids, as raw bytes and as references such as `&#4;`, which marks a value as
reserved. The decoder keeps that mark as one character and drops the rest, escapes ampersands that stand for themselves,
and lets no entity and no document type reach the parser.
"""

import codecs
import re

from khata.tally.errors import UnreadableFile

RESERVED = "\ufdd0"
"""Stands for Tally's `&#4;`: what follows is Tally's own word, such as "Primary", and not a name somebody gave."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SNIFF_BYTES = 512
_HOLD_CHARS = 16
_HELD_CHARS_MAX = 1 << 20
_WINDOWS_1252 = "khata-windows-1252"

_ampersand = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)(?:#([0-9]{1,8}|[xX][0-9A-Fa-f]{1,8});)?")
_declaration = re.compile(r"\s*<\?xml[^>]*\?>")
_markup = re.compile(r"<!(?!--|\[CDATA\[)")
_cdata = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_CONTROLS = bytes(set(range(32)) - {9, 10, 13})


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_WINDOWS_1252, _as_windows_1252)


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that the first bytes of a file show, and how many of them are its byte order mark.

    Args:
        head: the first few hundred bytes; untrusted.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    head = head[:_SNIFF_BYTES]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 > len(head):
        return ("utf-16-le" if odd > even else "utf-16-be"), 0
    return "utf-8", 0


class Decoder:
    """Turns chunks of an export into chunks of UTF-8 that an XML parser accepts.

    `windows_1252` becomes True when the file has bytes that are no UTF-8, `repaired` counts the characters and
    ampersands that XML does not allow. Memory stays within a few chunks.
    """

    def __init__(self) -> None:
        self.encoding = ""
        self.windows_1252 = False
        self.repaired = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._held = ""

    def feed(self, chunk: bytes) -> bytes:
        """Decode the next chunk; the first one must hold the first few hundred bytes of the file or all of it.

        Raises:
            UnreadableFile: a document type or entity declaration, which no export needs.
        """
        text = self._begin(chunk) if self._decoder is None else self._decode(chunk, final=False)
        return self._clean(text, final=False)

    def finish(self) -> bytes:
        """What was held back until it was clear that nothing follows.

        Raises:
            UnreadableFile: as `feed`.
        """
        return self._clean(self._decode(b"", final=True), final=True)

    def _begin(self, chunk: bytes) -> str:
        self.encoding, skip = encoding_of(chunk)
        self._decoder = self._new_decoder("strict" if self.encoding == "utf-8" else "replace")
        text = self._decode(chunk[skip:], final=False).lstrip("\ufeff")
        declaration = _declaration.match(text)
        if declaration is None:
            return text
        # What the declaration says of the encoding is often wrong; its line ends stay, for the places of records.
        return "\n" * declaration[0].count("\n") + text[declaration.end() :]

    def _new_decoder(self, errors: str) -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(self.encoding)(errors)

    def _decode(self, chunk: bytes, *, final: bool) -> str:
        if self._decoder is None:
            return ""
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            self.windows_1252 = True
            self._decoder = self._new_decoder(_WINDOWS_1252)
            self._decoder.setstate(state)
            return self._decoder.decode(chunk, final)

    def _clean(self, text: str, *, final: bool) -> bytes:
        text = self._held + text
        self._held = ""
        if not final:
            text = self._hold_back(text)
        if "<![CDATA[" in text:
            text = _cdata.sub(lambda found: _escaped(found[1]), text)
        if _markup.search(text) is not None:
            raise UnreadableFile("the file declares a document type or entities; Tally never does, so it is not read")
        if RESERVED in text:
            text = text.replace(RESERVED, "")
        if "&" in text:
            text = _ampersand.sub(self._reference, text)
        text = text.replace("\x04", RESERVED).replace("\ufffe", "").replace("\uffff", "")
        data = text.encode("utf-8", "replace")
        clean = data.translate(None, _CONTROLS)
        self.repaired += len(data) - len(clean)
        return clean

    def _hold_back(self, text: str) -> str:
        """Keep what may be the first half of a reference, a declaration or a CDATA section for the next chunk."""
        section = text.rfind("<![CDATA[")
        section_end = text.find("]]>", section) if section >= 0 else 0
        if section_end < 0:
            cut = section
        else:
            begin = max(section_end, len(text) - _HOLD_CHARS)
            starts = (text.rfind(opening, begin) for opening in ("&", "<"))
            cut = min((start for start in starts if start >= 0), default=len(text))
        self._held = text[cut:]
        if len(self._held) > _HELD_CHARS_MAX:
            raise UnreadableFile("the file opens a CDATA section that does not end; it is damaged, export it again")
        return text[:cut]

    def _reference(self, found: re.Match[str]) -> str:
        number = found[1]
        if number is None:
            self.repaired += 1
            return "&amp;"
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        if code == 4:
            return RESERVED
        if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF:
            return found[0] if code != ord(RESERVED) else ""
        self.repaired += 1
        return ""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
