"""Which class the name of a folder or of a box stands for, by the words that data sets use."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

WITHOUT_MASK, WITH_MASK = CLASS_FOLDERS = "without_mask", "with_mask"  # index = label: 1 is a mask

# What may stand beside the words that decide. "dataset" is not among them: a folder
# mask_dataset holds both classes.
_FILLERS = frozenset(
    "a an the of and s class classes category label train training test testing val valid"
    " validation eval face faces people persons person humans human photo photos image images"
    " img imgs pic pics picture pictures wearing wears wear weared worn using"
    " getragen".split()
)
_WITH = frozenset(
    "with withmask withmasks mask masks masked maskon masksyes yesmask"
    " correctmask correctlymask maskcorrect maskcorrectly correctlymasked"
    " mit mitmaske mitmasken maske masken maskiert mitmundschutz mundschutz"
    " avecmasque masque masques conmascarilla mascarilla commascara mascara"
    " conmascherina mascherina metmasker masker".split()
)
_WITHOUT = frozenset(
    "without withoutmask withoutmasks womask nomask nomasks nonmask nonmasked notmask notmasked"
    " unmask unmasked maskoff maskless masksno bare barefaced uncovered"
    " ohne ohnemaske ohnemasken keinemaske keinemasken unmaskiert ohnemundschutz"
    " sansmasque sinmascarilla semmascara senzamascherina zondermasker".split()
)
# A mask that is there and does not serve.
_WRONGLY = re.compile(r"(?:incorrect|improper|notcorrect|notproper|wrong)(?:ly)?|falsche?|misworn")

_LONGEST = 200  # characters of a name; the longest ones above have some thirty

KNOWN = (
    f"{WITH_MASK}, {WITHOUT_MASK}, mask_weared_incorrect or other words for them, such as mask,"
    " no mask and incorrect"
)


def face_label(name: str) -> int | None:
    """What the class of an annotated face stands for: 1 mask, 0 no mask, None neither.

    None is a mask worn incorrectly: a face, but of neither class.

    Raises:
        KeyError: the name says no class; what does is told in ``KNOWN``.
    """
    if len(name) > _LONGEST:
        raise KeyError(name)
    return _face_label(name)


@lru_cache(maxsize=256)  # thousands of boxes share a few names
def _face_label(name: str) -> int | None:
    words = _words(name)
    label = _class_of(words)
    if label is not None:
        return CLASS_FOLDERS.index(label)
    rest, found = _WRONGLY.subn("", _word(words))
    if not found or (rest and rest not in _WITH):
        raise KeyError(name)
    return None


def owner_names(paths: Iterable[str]) -> dict[str, str]:
    """How photos in class folders of any name are called where people see them.

    It is what they would be called had their folders our names: "Set/No Mask/Anna/1.jpg" is
    "without_mask/Anna/1.jpg". Where that would be the name of several, as of train/Mask/1.jpg
    and test/Mask/1.jpg, each keeps its whole path behind the class.

    Args:
        paths: of all photos of an archive or folder, joined by "/".

    Returns:
        By path; photos in folders that say no class are not among them.
    """
    short, whole = {}, {}
    for path in paths:
        above = path.rpartition("/")[0]
        folder, label = deciding_folder(above)
        if label is not None:
            short[path] = f"{label}/{path[len(folder) + 1 :]}"
            whole[path] = f"{label}/{path}"
    times = Counter(short.values())
    return {path: name if times[name] == 1 else whole[path] for path, name in short.items()}


def deciding_folder(folder: str) -> tuple[str, str | None]:
    """Which part of a path decides on the class of what lies there, and the class.

    Args:
        folder: names joined by "/", e.g. "Dataset/No Mask/Anna".

    Returns:
        The path down to the last name that says a class, e.g. "Dataset/No Mask", and
        ``WITH_MASK`` or ``WITHOUT_MASK``; the whole path and None where no name says any.
    """
    names = folder.split("/")
    for count in range(len(names), 0, -1):
        label = _folder_class(names[count - 1])
        if label is not None:
            return "/".join(names[:count]), label
    return folder, None


@lru_cache(maxsize=256)  # thousands of folders lie below the same few
def _folder_class(name: str) -> str | None:
    words = _words(name)
    # A data set's own name is often "face mask": it says nothing of its classes.
    return None if words in (["face", "mask"], ["face", "masks"]) else _class_of(words)


def _class_of(words: list[str]) -> str | None:
    word = _word(words)
    if word in _WITHOUT:
        return WITHOUT_MASK
    return WITH_MASK if word in _WITH else None


def _word(words: list[str]) -> str:
    """What decides of a name, as one word."""
    return "".join(word for word in words if word not in _FILLERS and not word.isdigit())


def _words(name: str) -> list[str]:
    """Lower-case words without accents; WithMask and with_mask are the same two."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)", " ", plain)
    return re.findall(r"[a-z]+|\d+", apart.casefold())
