"""Reading fields out of one XML element, with Tally's empty containers and spare spaces taken care of."""

from collections.abc import Iterable

from lxml import etree

from crdt_models.packing import Value
from khata.tally.values import is_reserved, plain_text

Element = etree._Element

_EXTRA_DEPTH_MAX = 6
"""How deeply lists that are only kept, not understood, may nest."""


class Fields:
    """The named children of one element: text fields by their first occurrence, lists by all that hold anything."""

    __slots__ = ("_children", "_element")

    def __init__(self, element: Element, tags: Iterable[str]) -> None:
        self._element = element
        self._children: dict[str, list[Element]] = {}
        for child in element.iterchildren(*tags):
            self._children.setdefault(str(child.tag), []).append(child)

    def __repr__(self) -> str:
        return f"<Fields {sorted(self._children)} of {self._element.tag}>"

    def __contains__(self, tag: str) -> bool:
        return tag in self._children

    @property
    def present(self) -> Iterable[str]:
        """The tags of the children that are there, empty ones included."""
        return self._children

    def raw(self, tag: str) -> str | None:
        """The text of a child, else the attribute of that name; None when there is neither."""
        children = self._children.get(tag)
        return self._element.get(tag) if children is None else children[0].text

    def text(self, *tags: str) -> str:
        """The first of these fields that holds anything, trimmed; empty when none does."""
        for tag in tags:
            found = plain_text(self.raw(tag))
            if found:
                return found
        return ""

    def own(self, tag: str) -> str:
        """Like `text`, but empty for Tally's own words, of which "Not Applicable" is known without its mark too."""
        raw = self.raw(tag)
        found = plain_text(raw) if raw and not is_reserved(raw) else ""
        return "" if found == "Not Applicable" else found

    def lists(self, *tags: str) -> list[Element]:
        """Children with these tags that have children of their own, in the order of the tags."""
        return [child for tag in tags for child in self._children.get(tag, ()) if len(child)]

    def texts(self, list_tag: str, tag: str) -> tuple[str, ...]:
        """The non-empty texts of `tag` inside every list of `list_tag`: lines of an address, for example."""
        found = (plain_text(line.text) for part in self.lists(list_tag) for line in part.iterchildren(tag))
        return tuple(text for text in found if text)


def kept(element: Element, depth: int = _EXTRA_DEPTH_MAX) -> Value:
    """An element as text, dict or list, empty parts left out: for what is kept without being understood."""
    if not len(element) or depth == 0:
        return plain_text(element.text)
    found: dict[str, Value] = {}
    for child in element:
        value = kept(child, depth - 1)
        if not value:
            continue
        name = etree.QName(child).localname.removesuffix(".LIST").lower()
        before = found.get(name)
        if before is None:
            found[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[name] = [before, value]
    return found
