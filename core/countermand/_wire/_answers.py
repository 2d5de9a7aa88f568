"""What the answers to a transport are read by: a parser for each, unless its head is known."""

from __future__ import annotations

from countermand._wire._head import Head, Parser
from countermand._wire._known import KnownHead

#: How many heads are known at most; each may take `HEAD_BYTES`.
MOST_HEADS = 32


class Answers(dict[int, KnownHead]):
    """The heads of plain answers that came whole, by the lengths of these: the last one of each.

    An answer that begins with a known head, and is as long, ends where it should, and needs no parser. Most
    are such: but for the date, and an id of each answer, a venue says the same again and again.
    """

    def __init__(self, parser: type[Parser]) -> None:
        super().__init__()
        #: What reads all others.
        self.parser = parser

    def remember(self, head: Head, length: int) -> None:
        """Know the plain head of an answer of that length."""
        known = self.get(length)
        if known is not None and known.learn(head):
            return
        if len(self) >= MOST_HEADS and known is None:
            self.clear()
        self[length] = KnownHead(head)
