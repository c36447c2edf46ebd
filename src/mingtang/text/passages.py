"""A stretch of text read from a file, with where it stands in words people can follow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """``place`` in Chinese; ``unit`` counts its lines (行, 段), empty where lines mean nothing to a reader.

    ``numbers`` are the line numbers as the reader's program shows them, where they differ from counting.
    ``visible`` text is what somebody who opens the file reads; the rest is only judged.
    """

    place: str
    text: str
    unit: str = ""
    numbers: tuple[int, ...] = ()
    visible: bool = True

    def place_of(self, offset: int) -> str:
        """Where the character at ``offset`` stands: 工作表“名单”第4行."""
        if not self.unit:
            return self.place
        line = self.text.count("\n", 0, offset)
        number = self.numbers[line] if line < len(self.numbers) else line + 1
        return f"{self.place}第{number}{self.unit}"
