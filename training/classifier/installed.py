"""Which of the installed classifiers a run goes by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from maskcore.errors import ModelError
from maskcore.models import installed_models, read_card


def installed_cards(architecture: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The installed classifiers, those that stand closest to a run first.

    Args:
        architecture: of the run.

    Yields:
        Name and card: of the model named like the architecture, then of others of it, then of
        the rest. A card that can no longer be read, as another model is just being put in its
        place, is left out.
    """
    cards = {}
    for name in installed_models("classifier"):
        with suppress(ModelError):
            cards[name] = read_card(name)

    def distance(name: str) -> tuple[bool, bool]:
        return name != architecture, cards[name].get("architecture") != architecture

    for name in sorted(cards, key=distance):
        yield name, cards[name]
