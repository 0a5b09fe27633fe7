"""Dividing annotated scenes, and which of them installed models may be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from maskcore.errors import MasklensError
from maskcore.images import read_image
from training.annotated.scenes import Scene, read_scenes
from training.config import DATA_FILE, RunConfig
from training.job_files import read_values
from training.photos.data import in_threads
from training.photos.likeness import group_near_duplicates, photo_hashes
from training.photos.splits import split

# In a card: file names of the scenes that the model's run kept for testing. Older ones lack it.
TEST_SCENES = "test_scenes"


def split_scenes(scenes: list[Scene], seed: int = 0) -> dict[str, list[Scene]]:
    """Divide scenes into train (80 %), validation (10 %) and test (10 %).

    Photos that look alike stay together, and scenes with a bare face, which are few, are
    spread evenly. The division depends on the photos and the seed alone: whatever
    command tunes on one part leaves the same test part untouched.
    """
    return all_folds(scenes, 0, seed)[0]


def all_folds(scenes: list[Scene], folds: int, seed: int = 0) -> list[dict[str, list[Scene]]]:
    """Divide scenes anew into train and validation; the test part is that of ``split_scenes``.

    Args:
        scenes: the photos.
        folds: in how many alike folds training and validation scenes together are divided;
            with 1, all of them are in both parts, with 0 they stay as they are.
        seed: of both divisions.

    Returns:
        "train", "validation" and "test" of each fold, which validates while the others train;
        one division where there are no folds or one.

    Raises:
        MasklensError: too few scenes for so many folds.
    """
    hashes = np.stack(list(in_threads(lambda s: photo_hashes(read_image(s.image_path)), scenes)))
    bare = np.array([any(face.label == 0 for face in s.faces) for s in scenes], np.int64)
    groups = group_near_duplicates(hashes)
    parts = split(bare, groups, validation_share=0.1, test_share=0.1, seed=seed)
    kept = np.concatenate([parts["train"], parts["validation"]])
    divisions = [(kept, kept) if folds else (parts["train"], parts["validation"])]
    if folds > 1:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        try:
            divided = list(splitter.split(kept, bare[kept], group_near_duplicates(hashes[kept])))
        except ValueError as error:
            raise MasklensError(
                f"Too few scenes for {folds} folds: each needs one with and one without a bare"
                " face."
            ) from error
        divisions = [(kept[train], kept[validation]) for train, validation in divided]
    return [
        {
            name: [scenes[i] for i in members]
            for name, members in (("train", train), ("validation", held), ("test", parts["test"]))
        }
        for train, held in divisions
    ]


def run_scenes(root: Path, config: RunConfig) -> dict[str, list[Scene]]:
    """The scenes of a run, in train, validation and test; see ``read_scenes``, ``all_folds``."""
    return all_folds(read_scenes(root), config.folds, config.seed)[config.fold]


def part_names(parts: dict[str, list[Scene]]) -> dict[str, list[str]]:
    """The file names of each part's photos, for the report of a run's data."""
    return {name: [scene.image_path.name for scene in part] for name, part in parts.items()}


def kept_for_card(run_dir: Path) -> dict[str, list[str]]:
    """What a model's card tells of its run's scenes: the file names of those kept for testing.

    Args:
        run_dir: the run's folder.

    Returns:
        ``TEST_SCENES`` and the names; nothing where the run learned from no scenes.
    """
    kept = (read_values(run_dir / DATA_FILE) or {}).get("scenes", {}).get("test")
    return {TEST_SCENES: kept} if kept else {}


def check_kept(card: dict[str, Any], scenes: list[Scene], test: list[Scene]) -> None:
    """Make sure that scenes are dealt out as when a model learned from some of them.

    Args:
        card: the model's.
        scenes: all of them.
        test: those that would be used for testing now.

    Raises:
        MasklensError: the model kept others of these for testing.
    """
    kept = set(card.get(TEST_SCENES, ()))
    if kept & _names(scenes) and kept != _names(test):
        raise MasklensError(
            f"{card.get('name')} was trained when these scenes were others, or had other boxes:"
            " what it learned from would now be used for testing. Give the folder as it was, or"
            " one of scenes with other names."
        )


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
            the validation part; see also ``check_kept``.
    """
    learned = [
        card
        for card in cards
        if card.get("config", {}).get("scenes") or card.get("kind") == "detector"
    ]
    seeds = sorted({card.get("config", {}).get("seed", 0) for card in learned}) or [0]
    if len(seeds) > 1:
        raise MasklensError(
            f"These models divided the scenes by different seeds, {seeds[0]} and {seeds[1]}: what"
            " one keeps for testing the other has learned from."
        )
    for card in learned:
        if card.get("config", {}).get("folds") and "validation" in parts:
            raise MasklensError(
                f"{card.get('name')} learned from the validation part, too. Ask about --parts"
                " test, or give runs of folds."
            )
    divided = split_scenes(scenes, seeds[0])
    for card in learned:
        check_kept(card, scenes, divided["test"])
    return [scene for part in parts for scene in divided[part]]


def _names(scenes: list[Scene]) -> set[str]:
    return {scene.image_path.name for scene in scenes}
