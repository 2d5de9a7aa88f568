"""What the answers to a transport are read by: a parser for each, unless its head is known."""

from __future__ import annotations

from countermand._wire._head import Head, Parser

#: How many heads are known at most; each may take `HEAD_BYTES`.
MOST_HEADS = 32


class Answers(dict[int, Head]):
    """The heads of plain answers that came whole, by the lengths of these: the last one of each.

    Where a plain answer ends, and what its head says, follows from the bytes of that head alone. So one that
    begins with the same bytes, and is as long, ends where it should, and needs no parser. Most are such:
    but for the date a venue says the same again and again.
    """

    def __init__(self, parser: type[Parser]) -> None:
        super().__init__()
        #: What reads all others.
        self.parser = parser

    def remember(self, head: Head, length: int) -> None:
        """Know the plain head of an answer of that length."""
        if len(self) >= MOST_HEADS and length not in self:
            self.clear()
        self[length] = head
