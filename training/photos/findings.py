"""What a look at the data found, in figures and in sentences for people."""

from __future__ import annotations

from dataclasses import dataclass

from maskcore.records import counted
from training.config import FOLDS, SHORTEST_RECORDING
from training.photos.class_names import WITH_MASK, WITHOUT_MASK

# Below this much the network has too little to go by, though it can be trained.
FEW_PHOTOS = 100
# From this ratio on the smaller class suffers.
UNBALANCED = 3.0
_SMALL_SIDE = 48
WORDS = {WITH_MASK: "with mask", WITHOUT_MASK: "without mask"}


@dataclass(frozen=True)
class Finding:
    """One thing worth saying of the data.

    Attributes:
        text: a sentence or two for people.
        serious: whether it is better mended before training.
    """

    text: str
    serious: bool = False


@dataclass(frozen=True)
class DataReport:
    """What a folder of two classes holds.

    Attributes:
        photos: that can be read, by class.
        different: by class, photos that do not look like one another.
        unreadable: (file name, reason) of those that cannot.
        exact_copies: photos that are byte for byte the same as an earlier one.
        look_alikes: photos that have a near-identical one, copies included.
        in_both: file names that look the same and stand in both classes, group by group.
        smallest_wh: width and height of the photo with the fewest pixels.
        recorded: whether they are frames of a camera, which all look alike.
    """

    photos: dict[str, int]
    different: dict[str, int]
    unreadable: tuple[tuple[str, str], ...]
    exact_copies: int
    look_alikes: int
    in_both: tuple[tuple[str, ...], ...]
    smallest_wh: tuple[int, int]
    recorded: bool = False

    @property
    def obstacle(self) -> str:
        """Why nothing can be trained on these, in a sentence; empty where it can."""
        counts, least = self.different, FOLDS
        if self.recorded:
            counts, least = self.photos, SHORTEST_RECORDING
        short = [name for name in WORDS if counts[name] < least]
        if not short:
            return ""
        differing = "" if self.recorded else " that differ from one another"
        return (
            f"Too few photos: {_by_class(counts, short)}{differing}. At least {least} of each"
            f" class are needed. {'Record' if self.recorded else 'Bring'} more of them."
        )

    def findings(self) -> tuple[Finding, ...]:
        """What it means, the most serious first."""
        found = [*self._faults(), *self._balance(), *self._copies()]
        return tuple(sorted(found, key=lambda finding: not finding.serious))

    def _faults(self) -> list[Finding]:
        found = []
        if self.unreadable:
            unreadable = counted(len(self.unreadable), "photo")
            found.append(Finding(f"{unreadable} cannot be read and will be left out."))
        if self.in_both and not self.recorded:
            count = sum(map(len, self.in_both))
            found.append(
                Finding(
                    f"{counted(count, 'photo')} look the same and stand in both classes. One of"
                    " the two must be wrong: look at them and take the wrong ones away.",
                    serious=True,
                )
            )
        if min(self.smallest_wh) < _SMALL_SIDE:
            width, height = self.smallest_wh
            found.append(
                Finding(f"The smallest photo has {width} x {height} pixels: little to learn from.")
            )
        return found

    def _balance(self) -> list[Finding]:
        (few_name, few), (many_name, many) = sorted(self.photos.items(), key=lambda item: item[1])
        found = []
        if few and many / few >= UNBALANCED:
            found.append(
                Finding(
                    f"There are {many / few:.1f} times as many photos {WORDS[many_name]} as"
                    f" {WORDS[few_name]}. The model will be surer of the larger class: add"
                    f" photos {WORDS[few_name]}.",
                    serious=True,
                )
            )
        scarce = [name for name in WORDS if self.photos[name] < FEW_PHOTOS]
        # Where nothing can be trained at all, ``obstacle`` says it.
        if scarce and not self.recorded and not self.obstacle:
            found.append(
                Finding(
                    f"Few photos: {_by_class(self.photos, scarce)}. It can be trained, but"
                    " figures from so few vary much; some hundreds of each class are better."
                )
            )
        return found

    def _copies(self) -> list[Finding]:
        found = []
        if self.exact_copies:
            what = "is an exact copy" if self.exact_copies == 1 else "are exact copies"
            found.append(Finding(f"{counted(self.exact_copies, 'photo')} {what} of another one."))
        if self.recorded:
            found.append(
                Finding(
                    "Frames of one recording look alike, so figures measured on them look better"
                    " than they are: the model knows this face, this light and this mask."
                )
            )
        elif self.look_alikes:
            found.append(
                Finding(
                    f"{counted(self.look_alikes, 'photo')} have a look-alike. Look-alikes stay on"
                    " one side of the division into training and test, so that the test stays"
                    " honest."
                )
            )
        return found


def _by_class(counts: dict[str, int], names: list[str]) -> str:
    """How many there are of these classes, e.g. "12 with mask and 9 without mask"."""
    return " and ".join(f"{counts[name]:,} {WORDS[name]}" for name in names)
