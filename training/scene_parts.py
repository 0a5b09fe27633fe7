"""Which scenes installed models may be asked about: a part as they themselves divided them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maskcore.errors import MasklensError
from training.scenes import Scene, split_scenes


def scenes_of_parts(
    scenes: list[Scene], parts: Sequence[str], cards: Sequence[dict[str, Any]]
) -> list[Scene]:
    """The scenes of some parts, divided by the seed of the models that learned from scenes.

    Args:
        scenes: all of them.
        parts: of "train", "validation" and "test".
        cards: of the models that will be asked; those that never saw a scene do not matter.

    Raises:
        MasklensError: the models divided the scenes by different seeds, or one learned from
            the validation part.
    """
    configs = [card.get("config", {}) for card in cards]
    learned = [
        (card.get("name"), config.get("seed", 0), config.get("folds"))
        for card, config in zip(cards, configs, strict=True)
        if config.get("scenes") or card.get("kind") == "detector"
    ]
    seeds = sorted({seed for _, seed, _ in learned}) or [0]
    if len(seeds) > 1:
        raise MasklensError(
            f"These models divided the scenes by different seeds, {seeds[0]} and {seeds[1]}: what"
            " one keeps for testing the other has learned from."
        )
    for name, _, folds in learned:
        if folds == 1 and "validation" in parts:
            raise MasklensError(
                f"{name} learned from the validation part, too. Ask about --parts test, or give"
                " runs of folds."
            )
    divided = split_scenes(scenes, seeds[0])
    return [scene for part in parts for scene in divided[part]]
