"""Photos that are copies of one another, re-encoded, recoloured or mirrored."""

from __future__ import annotations

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from maskcore.classification.preprocess import resize

# Bits of 64 in which the hashes of re-encoded, slightly cropped or recoloured copies
# differ at most. On 3,991 close-ups, pairs at 8 are about half true copies, at 10 few
# are, and chains begin to join hundreds of strangers.
NEAR_DUPLICATE_BITS = 8

# Photos compared at a time with all others: what a comparison takes grows with it.
_ROWS = 128


def photo_hashes(image_rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Perceptual hash of a photo and of its mirror image, bool (2, 64)."""
    # A first reduction makes hashing a photo of any size cheap.
    small = Image.fromarray(resize(image_rgb, 96)).convert("L")
    mirrored = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.stack([imagehash.phash(small).hash.ravel(), imagehash.phash(mirrored).hash.ravel()])


def group_near_duplicates(hashes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find photos that are copies of one another, mirrored ones included.

    Two are where their hashes, one of them perhaps of its photo's mirror image, differ in at
    most ``NEAR_DUPLICATE_BITS`` bits. Copies of copies belong to one group.

    Args:
        hashes: bool (N, 2, 64), of each photo and of its mirror image.

    Returns:
        Each photo's group, int (N,), numbered as they first come.
    """
    # Equal hashes are compared once: an archive may hold one photo ten thousand times.
    numbers: dict[bytes, int] = {}
    number_of = np.array([numbers.setdefault(both.tobytes(), len(numbers)) for both in hashes])
    _, first = np.unique(number_of, return_index=True)
    signs = np.where(hashes[first], np.float32(1), np.float32(-1))
    plain, mirrored = signs[:, 0], signs[:, 1]
    groups = np.arange(len(first))
    # Groups grow from rows to rows: a list of all pairs may not fit.
    for start in range(0, len(first), _ROWS):
        rows, others = slice(start, start + _ROWS), slice(start, None)
        # Bits that agree less bits that differ. The mirrored likeness is not symmetric to the
        # last bit: take either order.
        likeness = plain[rows] @ plain[others].T
        np.maximum(likeness, mirrored[rows] @ plain[others].T, out=likeness)
        np.maximum(likeness, plain[rows] @ mirrored[others].T, out=likeness)
        alike = likeness >= hashes.shape[2] - 2 * NEAR_DUPLICATE_BITS
        i, j = (start + indices for indices in np.nonzero(np.triu(alike, 1)))
        apart = groups[i] != groups[j]
        ends = groups[i[apart]], groups[j[apart]]
        links = csr_array((np.ones(len(ends[0])), ends), shape=(len(first), len(first)))
        groups = connected_components(links, directed=False)[1][groups]
    of_photos: NDArray[np.int64] = groups[number_of].astype(np.int64)
    return of_photos


def with_near_duplicate(groups: NDArray[np.int64]) -> int:
    """How many photos have another one in their group."""
    sizes = np.bincount(groups)
    return int(sizes[sizes > 1].sum())
