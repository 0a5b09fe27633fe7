"""Everything that decides how a run goes, in one frozen value saved with the run."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path, PureWindowsPath
from typing import Any, ClassVar, Self

from maskcore.errors import MasklensError
from maskcore.files import write_json

# In a run's folder: its settings, and the report of its data.
CONFIG_FILE, DATA_FILE = "config.json", "data.json"
DATA_FOLDER = "data"  # beside runs that were started from the page: the photos brought for them
ARCHITECTURES = ("mobilenet_v2", "inception_v3")
WEIGHTS = ("float32", "float16", "int8")  # how an installed model may keep them
SPLITS = ("likeness", "time")
# Photos are dealt out in so many folds; a class needs one that differs for each.
FOLDS = 20
# The fewest pictures that a class of a recording may have.
SHORTEST_RECORDING = 20
# Served around a face, as a share of its longer side: the best of those that were measured
# with `evaluate-faces --crop-margins`. All shipped models have it.
CROP_MARGIN = 0.2
# Made for pictures of 299 pixels, it leaves a map of 2 x 2 of 128, which is too coarse.
_INCEPTION_SIDE = 160


def default_enlarging(architecture: str, image_size: int) -> int:
    """The ``enlarged_to`` that serves an architecture best, as far as it was measured."""
    return _INCEPTION_SIDE if architecture == "inception_v3" and image_size < _INCEPTION_SIDE else 0


@dataclass(frozen=True)
class RunConfig:
    """What the settings of every kind of run have in common.

    Attributes:
        seed: whatever chance there is follows from it.
        folds: annotated scenes that are not for testing are divided in so many folds, of
            which one validates and the others train; 0 for the usual training and validation
            parts, 1 to train on all of them, after the settings were chosen on folds.
        fold: which of them validates, from 0.
    """

    seed: int = field(default=0, kw_only=True)
    folds: int = field(default=0, kw_only=True)
    fold: int = field(default=0, kw_only=True)

    # Settings of former versions, which their runs still name.
    RETIRED: ClassVar[frozenset[str]] = frozenset({"start_from"})

    def check_ranges(self, *ranges: tuple[str, float, float]) -> None:
        """Raise a ValueError for the first (name, low, high) whose value lies outside.

        The settings that all runs have are looked at, too.
        """
        shared = (
            ("seed", 0, 2**32 - 1),
            ("folds", 0, 20),
            ("fold", 0, max(0, self.folds - 1)),
        )
        for name, low, high in (*ranges, *shared):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be in {low}..{high}, got {getattr(self, name)}")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build from names and values.

        Raises:
            ValueError: a name is not a setting, or a value is out of range.
        """
        unknown = set(values) - {setting.name for setting in fields(cls)}
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        return cls(**values)

    @classmethod
    def load(cls, run_dir: Path) -> Self:
        """Read the settings of a run.

        Raises:
            MasklensError: the folder is not that of a run.
        """
        path = run_dir / CONFIG_FILE
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls.from_dict({n: v for n, v in values.items() if n not in cls.RETIRED})
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise MasklensError(
                f"{run_dir.name} is not the folder of such a training run: its config.json"
                " cannot be read. Give the folder that --out named."
            ) from error

    def save(self, run_dir: Path) -> None:
        """Write config.json into the run's folder."""
        write_json(run_dir / CONFIG_FILE, asdict(self))


@dataclass(frozen=True)
class TrainConfig(RunConfig):
    """Settings of one run; unknown names and values out of range raise.

    Attributes:
        data: folder with ``with_mask/`` and ``without_mask/``.
        architecture: one of ``ARCHITECTURES``.
        backbone_weights: "imagenet" (Keras fetches them), "installed" (those of the
            installed model of this architecture), "none", or a .weights.h5 file.
        image_size: side of the model's input, pixels.
        enlarged_to: side to which the network itself enlarges its input before the backbone
            sees it, pixels; 0 to leave it as it is. A backbone made for larger pictures
            shrinks a small one to a handful of cells.
        dense_units, dropout: the head's hidden layer and the share of it dropped, 0..1.
        epochs: passes over the training part with the backbone frozen.
        learning_rate: Adam's, while the backbone is frozen.
        augmented_views: changed copies of each training photo whose features are
            computed beside those of the photo itself; each epoch draws one of them.
        fine_tune_epochs: further passes with the whole network learning; 0 for none.
        fine_tune_learning_rate: Adam's peak there; it falls to zero along a cosine.
        corrections: file of photos to leave out or of the other class, as the Metrics page
            exports it; "" for none.
        scenes: folder of annotated scenes, whose training faces make up half of each
            fine-tuning batch and whose validation faces join in choosing (with one fold,
            where they were learned from, photos choose alone); "" for none.
        label_smoothing: share, 0..0.5, by which the targets 0 and 1 are drawn together.
        batch_size: photos a step.
        validation_share, test_share: parts of the data, 0..1, kept from training.
        split_by: "likeness" keeps photos that look alike in one part; "time" cuts each
            class, in order of its file names, into one stretch a part: for recordings,
            in which all pictures look alike.
    """

    RETIRED = RunConfig.RETIRED | {"close_up_boxes"}

    data: str
    architecture: str = "mobilenet_v2"
    backbone_weights: str = "imagenet"
    image_size: int = 128
    enlarged_to: int = 0
    dense_units: int = 64
    dropout: float = 0.5
    epochs: int = 10
    learning_rate: float = 1e-3
    augmented_views: int = 1
    fine_tune_epochs: int = 0
    fine_tune_learning_rate: float = 3e-4
    corrections: str = ""
    scenes: str = ""
    label_smoothing: float = 0.0
    batch_size: int = 32
    validation_share: float = 0.15
    test_share: float = 0.15
    split_by: str = "likeness"

    def __post_init__(self) -> None:
        for name in ("data", "corrections"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a path, got {getattr(self, name)!r}")
        if self.architecture not in ARCHITECTURES:
            raise ValueError(
                f"architecture must be one of {', '.join(ARCHITECTURES)}, got {self.architecture!r}"
            )
        if self.split_by not in SPLITS:
            raise ValueError(f"split_by must be one of {', '.join(SPLITS)}, got {self.split_by!r}")
        if self.folds and not self.scenes:
            raise ValueError("folds divide scenes: give scenes")
        if self.enlarged_to and not self.image_size <= self.enlarged_to <= 512:
            raise ValueError(
                f"enlarged_to must be 0 or from image_size ({self.image_size}) to 512,"
                f" got {self.enlarged_to}"
            )
        # InceptionV3 cannot shrink anything smaller than 75 pixels.
        self.check_ranges(
            ("image_size", 75, 512),
            ("dense_units", 1, 4096),
            ("dropout", 0, 0.95),
            ("epochs", 1, 1000),
            ("learning_rate", 1e-8, 1),
            ("augmented_views", 0, 20),
            ("fine_tune_epochs", 0, 1000),
            ("fine_tune_learning_rate", 1e-8, 1),
            ("label_smoothing", 0, 0.5),
            ("batch_size", 1, 1024),
            ("validation_share", 0.05, 0.45),
            ("test_share", 0.05, 0.45),
        )

    @classmethod
    def load(cls, run_dir: Path) -> Self:
        """Read the settings of a run; see ``RunConfig.load``.

        Photos and corrections that were brought for a run lie beside it: they are found there
        when the folder that holds all of them has moved, from another system, too.
        """
        config = super().load(run_dir)
        return replace(
            config,
            data=_found_again(config.data, run_dir),
            corrections=_found_again(config.corrections, run_dir),
        )


def _found_again(path: str, run_dir: Path) -> str:
    """A path in ``runs/data`` or in a run's folder, as it is or, where only that is there, anew."""
    was = PureWindowsPath(path)  # understands the paths of all systems
    if not was.name or was.parent.name not in (DATA_FOLDER, run_dir.absolute().name):
        return path
    now = run_dir.absolute().parent / was.parent.name / was.name
    # os.path says no, where Path's method raises, of what may not be looked at.
    return str(now) if os.path.exists(now) and not os.path.exists(path) else path
