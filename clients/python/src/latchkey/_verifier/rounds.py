"""A line in which askers take turns, bounded for each and in all."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Rounds(Generic[Item]):
    """Each asker has a line of its own, and the lines take turns."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._lines: OrderedDict[str, deque[Item]] = OrderedDict()
        self._most = most
        self._most_of_one = most_of_one
        self.size = 0

    def add(self, asker: str, item: Item) -> bool:
        """Puts something at the end of an asker's line; False if there is no room. The more askers, the less for each."""
        line = self._lines.get(asker)
        share = max(1, min(self._most_of_one, self._most // (len(self._lines) + 1)))
        if self.size >= self._most or (line is not None and len(line) >= share):
            return False
        if line is None:
            line = self._lines[asker] = deque()
        line.append(item)
        self.size += 1
        return True

    def take(self) -> Item | None:
        """Takes out the one whose turn it is; None if nobody waits."""
        if not self._lines:
            return None
        asker, line = self._lines.popitem(last=False)
        item = line.popleft()
        self.size -= 1
        # To the end of the round.
        if line:
            self._lines[asker] = line
        return item

    def take_all(self) -> list[Item]:
        """Takes all out."""
        taken = [item for line in self._lines.values() for item in line]
        self._lines.clear()
        self.size = 0
        return taken
