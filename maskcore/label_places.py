"""Where the labels of faces stand: clear of one another and of other faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import areas, shared_areas

# The share of another face that a label may cover, and of its own where a shorter one is left.
_MOST_COVERED, _MOST_COVERED_OF_OWN = 0.15, 1 / 4


def arrange(
    boxes: NDArray[np.float64],
    sizes_wh: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    photo_wh: tuple[int, int],
    order: Sequence[int],
    alike: bool,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Choose a form and a place for the label of every face.

    All begin with the shortest form. Then longer ones take the places that are left, one
    form after the other, so that no face has its percentage before all that can have their
    verdicts. Of the places that are free a label takes the one that suits best, and of those
    that suit as well the first.

    Args:
        boxes: of the faces, float64 (N, 4), pixels.
        sizes_wh: of the label in each of its F forms, the longest first, pixels, (N, F, 2).
        allowed: which forms to try, (N, F); the last one is always.
        photo_wh: width and height, pixels.
        order: the faces' indices, the first to choose first.
        alike: whether the longest form, whose letters are large, is for all faces with words
            or for none: large letters here and there would look like a rank.

    Returns:
        Indices of forms, (N,), and places, (N, 4), pixels.
    """
    places = _places(boxes, sizes_wh, photo_wh)
    free, doubts, hidden = _rated(places, boxes)
    count, forms = allowed.shape
    last = forms - 1
    free[:, :last] &= allowed[:, :last, None]
    if alike:  # where large letters could be taken for another face's, small ones are clearer
        free[:, 0] &= doubts[:, 0] == 0
    chosen = np.full(count, last)
    taken = np.zeros((count, 4))  # empty boxes share nothing with others
    for form in reversed(range(forms)):
        smaller = chosen.copy(), taken.copy()
        for i in order:
            if form != last and not free[i, form].any():
                continue
            with_others = shared_areas(places[i, form], taken)
            with_others[:, i] = 0  # its own shorter form goes
            shared = with_others.sum(axis=1)
            fits = free[i, form] & (shared == 0)
            if fits.any():
                best = np.where(fits, doubts[i, form], np.inf).argmin()
                chosen[i], taken[i] = form, places[i, form, best]
            elif form == last:  # no place is free: the one that covers least
                taken[i] = places[i, form, (shared + hidden[i]).argmin()]
    if alike and ((chosen > 0) & (chosen < last)).any():
        return smaller
    return chosen, taken


def _places(
    boxes: NDArray[np.float64], sizes_wh: NDArray[np.float64], photo_wh: tuple[int, int]
) -> NDArray[np.float64]:
    """Where labels of faces (N, 4) in forms (N, F, 2) may stand, best first, (N, F, 12, 4).

    Above, below, beside, and inside at the top and the foot, where wide ones are centred.
    """
    width, height = np.moveaxis(sizes_wh, -1, 0)
    x0, y0, x1, y1 = (np.broadcast_to(edge[:, None], width.shape) for edge in boxes.T)
    to_x1, centred, beside = x1 - width, (x0 + x1 - width) / 2, x0 - width
    above, at_foot = y0 - height, y1 - height
    ways = (
        *((x, y) for x in (x0, to_x1, centred) for y in (above, y1)),
        *((x, y) for y in (y0, at_foot) for x in (x1, beside)),
        *((np.minimum(x0, centred), y) for y in (y0, at_foot)),
    )
    x, y = (np.stack(edges, axis=-1) for edges in zip(*ways, strict=True))
    # Shifted inside where it would reach out; a label wider than the photo starts at 0.
    width, height = width[..., None], height[..., None]
    x = np.maximum(np.minimum(x, photo_wh[0] - 1 - width), 0)
    y = np.maximum(np.minimum(y, photo_wh[1] - 1 - height), 0)
    return np.stack([x, y, x + width, y + height], axis=-1)


def _rated(
    places: NDArray[np.float64], boxes: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """How the places (N, F, P, 4) of labels suit, with regard to the faces (N, 4) alone.

    Returns:
        Which cover little enough of the faces, (N, F, P); how easily a label there is taken for
        another face's, 0 (not at all) to 3, (N, F, P); and how much of the faces the last form
        covers, square pixels, (N, P).
    """
    count, forms, ways = places.shape[:3]
    last = forms - 1
    of_faces = areas(boxes)
    free = np.empty((count, forms, ways), bool)
    doubts = np.empty((count, forms, ways))
    hidden = np.empty((count, ways))
    for i in range(count):
        its_places = places[i].reshape(-1, 4)
        covered = shared_areas(its_places, boxes).reshape(forms, ways, count)
        may_cover = np.tile(_MOST_COVERED * of_faces, (forms, 1))
        may_cover[:last, i], may_cover[last, i] = _MOST_COVERED_OF_OWN * of_faces[i], np.inf
        free[i] = (covered <= may_cover[:, None]).all(axis=2)
        doubts[i] = _doubts(its_places, boxes, i).reshape(forms, ways)
        # Better a number that seems to be a neighbour's than none of the face to be seen.
        doubts[i][covered[..., i] > _MOST_COVERED_OF_OWN * of_faces[i]] = 3
        hidden[i] = covered[last].sum(axis=1)
    return free, doubts, hidden


def _doubts(
    places: NDArray[np.float64], boxes: NDArray[np.float64], own: int
) -> NDArray[np.float64]:
    """How easily labels of one face, at places (P, 4), are taken for another's of these boxes.

    Returns:
        (P,): 0 not at all, 1 in the own box but close to another, 2 close to another, or
        nearer to it than to the own.
    """
    close = (places[:, 3:] - places[:, 1:2]) / 2  # half a label's height
    near = shared_areas(np.hstack([places[:, :2] - close, places[:, 2:] + close]), boxes) > 0
    near[:, own] = False
    x, y = ((places[:, i, None] + places[:, i + 2, None]) / 2 for i in (0, 1))
    dx = np.maximum(boxes[:, 0] - x, x - boxes[:, 2]).clip(0)
    dy = np.maximum(boxes[:, 1] - y, y - boxes[:, 3]).clip(0)
    distances = dx * dx + dy * dy  # of their centres
    to_own = distances[:, own]
    doubts: NDArray[np.float64] = np.where(
        to_own > distances.min(axis=1), 2.0, near.any(axis=1) * (1.0 + (to_own > 0))
    )
    return doubts
