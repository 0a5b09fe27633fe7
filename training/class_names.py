"""Which class a folder's name stands for, by the words that data sets use."""

from __future__ import annotations

import re
import unicodedata

WITHOUT_MASK, WITH_MASK = CLASS_FOLDERS = "without_mask", "with_mask"  # index = label: 1 is a mask

# What may stand beside the words that decide. "dataset" is not among them: a folder
# mask_dataset holds both classes.
_FILLERS = frozenset(
    "a an the of and s class classes category label train training test testing val valid"
    " validation eval face faces people persons person humans human photo photos image images"
    " img imgs pic pics picture pictures wearing wears wear worn using".split()
)
_WITH = frozenset(
    "with withmask withmasks mask masks masked maskon masksyes yesmask"
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
        label = _class_of(names[count - 1])
        if label is not None:
            return "/".join(names[:count]), label
    return folder, None


def _class_of(name: str) -> str | None:
    words = _words(name)
    # A data set's own name is often "face mask": it says nothing of its classes.
    if words in (["face", "mask"], ["face", "masks"]):
        return None
    word = "".join(word for word in words if word not in _FILLERS and not word.isdigit())
    if word in _WITHOUT:
        return WITHOUT_MASK
    return WITH_MASK if word in _WITH else None


def _words(name: str) -> list[str]:
    """Lower-case words without accents; WithMask and with_mask are the same two."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)", " ", plain)
    return re.findall(r"[a-z]+|\d+", apart.casefold())
