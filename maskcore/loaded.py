"""Detectors and classifiers, each loaded once for the whole process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from maskcore.classification import LiteRtClassifier
from maskcore.detection import Detector, load_detector
from maskcore.models import card_text, models_dir

T = TypeVar("T")
# What is entered while something is loaded: a page's spinner, say.
Meanwhile = Callable[[], AbstractContextManager[object]]

# Four detectors, each for photos and for video, and four classifiers.
MOST_KEPT = 12

_lock = threading.Lock()
# The one used last stands at the end; each beside the card that it was loaded with.
_kept: OrderedDict[Hashable, tuple[str, Any]] = OrderedDict()


def shared_detector(name: str, live: bool = False, meanwhile: Meanwhile = nullcontext) -> Detector:
    """The detector of this name that all threads share.

    Args:
        name, live: see ``maskcore.detection.load_detector``.
        meanwhile: makes a context that is entered only where it has to be loaded.

    Raises: see ``maskcore.detection.load_detector``.
    """
    return _shared(name, ("detector", live), lambda: load_detector(name, live), meanwhile)


def shared_classifier(name: str, meanwhile: Meanwhile = nullcontext) -> LiteRtClassifier:
    """The installed classifier of this name that all threads share.

    Args:
        name: a folder's under ``maskcore.models.models_dir()``.
        meanwhile: see ``shared_detector``.

    Raises:
        ModelError: the model is missing or damaged.
    """
    return _shared(name, "classifier", lambda: LiteRtClassifier.load(name), meanwhile)


def _shared(name: str, kind: Hashable, load: Callable[[], T], meanwhile: Meanwhile) -> T:
    """What is kept under the name, or what ``load`` makes; a failure is not remembered.

    Threads wait for one another even to load different things, which takes a tenth of a second.
    """
    key = models_dir(), kind, name
    with _lock:
        card = card_text(name)
        kept: tuple[str, T] | None = _kept.pop(key, None)
        if kept and kept[0] == card:
            _kept[key] = kept
            return kept[1]
        with meanwhile():
            thing = load()
        # Where it was replaced while it was loaded, which one that was is not known.
        if card_text(name) == card:
            _kept[key] = card, thing
            if len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return thing
