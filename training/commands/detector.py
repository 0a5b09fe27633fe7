"""Commands that train and install face detectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maskcore.detection.fcos import FcosSettings
from training.commands.options import (
    Formatter,
    add_run_options,
    add_settings,
    file_to_write,
    folder,
    folder_name,
)
from training.detector.config import DetectorConfig


def add_detector_commands(commands: Any) -> None:
    """Add the commands to those of ``python -m training``; each carries its function."""
    pseudo = commands.add_parser(
        "pseudo-boxes", help="let YuNet mark the faces of close-ups, for fit-detector"
    )
    pseudo.set_defaults(act=mark_faces)
    pseudo.add_argument("--data", required=True, type=folder, help="folder of photos")
    pseudo.add_argument("--out", required=True, type=file_to_write, help="JSON file to write")

    _add_fit_detector(commands)
    _add_install_detector(commands)


def _add_fit_detector(commands: Any) -> None:
    default = DetectorConfig(data="")
    fit = commands.add_parser(
        "fit-detector", help="train a face detector", formatter_class=Formatter
    )
    fit.set_defaults(act=train_detector)
    fit.add_argument("--data", required=True, type=folder_name, help="folder of annotated scenes")
    fit.add_argument(
        "--close-ups", type=folder_name, default="", help="folder with with_mask/ and without_mask/"
    )
    helps = {
        "close_up_boxes": "their boxes, made by pseudo-boxes",
        "backbone_weights": "imagenet (fetched by Keras), none, or a .weights.h5 file",
        "image_size": "of crops, pixels",
        "batch_size": "crops a step",
        "steps": "in all",
        "steps_per_epoch": "between two validations",
        "learning_rate": "at its highest",
        "backbone_rate": "share of the learning rate for the backbone",
        "weight_decay": "of AdamW",
        "close_up_share": "of the crops",
        "bare_share": "of the crops, centred on a face without a mask",
    }
    add_settings(fit, default, helps)
    add_run_options(fit, default)


def _add_install_detector(commands: Any) -> None:
    default = FcosSettings()
    install = commands.add_parser(
        "install-detector",
        help="export a detector's run and put it into models/",
        formatter_class=Formatter,
    )
    install.set_defaults(act=install_run)
    install.add_argument("run", type=Path, metavar="RUN_DIR")
    install.add_argument("--name", default="fcos", help="the model's name")
    helps = {
        "score_threshold": "least score of a face in photos",
        "live_score_threshold": "least score of a face in live video",
        "nms_iou": "boxes that overlap more are one face",
        "live_side": "working size for live video, pixels",
        "enlarge": "largest factor by which small photos are enlarged",
    }
    add_settings(install, default, helps)
    install.add_argument(
        "--photo-sides",
        type=int,
        nargs="+",
        default=default.photo_sides,
        help="working sizes for photos, pixels",
    )
    install.add_argument(
        "--mirrored-sides",
        type=int,
        nargs="*",
        default=default.mirrored_sides,
        help="working sizes for looks in the mirror, pixels",
    )
    install.add_argument(
        "--weights",
        choices=("float32", "float16"),
        default="float32",
        help="how they are stored: float16 is half the size",
    )
    install.add_argument(
        "--data-licence", default="not stated", help="origin and licence of the data, for the card"
    )


def mark_faces(typed: str, data: Path, out: Path) -> None:
    """Let YuNet mark close-ups, and print how it went."""
    from training.detector.pseudo import pseudo_boxes

    counts = pseudo_boxes(data, out, typed)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))


def train_detector(typed: str, out: Path, resume: bool, **settings: Any) -> None:
    """Train a detector with the ``settings`` of a ``DetectorConfig``."""
    from training.detector.fit import fit_detector
    from training.runs import removed_on_failure

    config = DetectorConfig.from_dict(settings)
    with removed_on_failure(out):
        fit_detector(config, out, typed, resume)


def install_run(
    typed: str,
    run: Path,
    name: str,
    data_licence: str,
    weights: str,
    photo_sides: list[int],
    mirrored_sides: list[int],
    **settings: Any,
) -> None:
    """Export a detector's run and put it into ``models/``."""
    from training.detector.export import install_detector

    serving = FcosSettings(
        photo_sides=tuple(photo_sides), mirrored_sides=tuple(mirrored_sides), **settings
    )
    folder = install_detector(run, name, serving, data_licence, typed, weights)
    print(f"Installed in models/{folder.name}.")
