"""One press or two: a double click, and a press that Streamlit hands on twice, are one."""

from __future__ import annotations


class LastPress:
    """What was pressed last, and when."""

    def __init__(self) -> None:
        self._name, self._seconds = "", float("-inf")

    def note(self, name: str, seconds: float) -> None:
        """Take it that this was pressed, at so many seconds of a monotonic clock."""
        self._name, self._seconds = name, seconds

    def is_again(self, name: str, seconds: float, within: float) -> bool:
        """Whether the same was pressed less than ``within`` seconds before; noted otherwise."""
        if name == self._name and seconds - self._seconds < within:
            return True
        self.note(name, seconds)
        return False
