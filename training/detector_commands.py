"""Commands that train and install face detectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from maskcore.detection.fcos import FcosSettings
from training.command_line import Formatter, add_run_options, file_to_write, folder, folder_name
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
        "fit-detector",
        help="train a face detector",
        formatter_class=Formatter,
    )
    fit.set_defaults(act=train_detector)
    fit.add_argument("--data", required=True, type=folder_name, help="folder of annotated scenes")
    fit.add_argument(
        "--close-ups", type=folder_name, default="", help="folder with with_mask/ and without_mask/"
    )
    fit.add_argument("--close-up-boxes", default="", help="their boxes, made by pseudo-boxes")
    fit.add_argument(
        "--backbone-weights",
        default=default.backbone_weights,
        help="imagenet (fetched by Keras), none, or a .weights.h5 file",
    )
    fit.add_argument("--start-from", default="", help="a former run's folder to go on from")
    fit.add_argument("--image-size", type=int, default=default.image_size, help="of crops, pixels")
    fit.add_argument("--batch-size", type=int, default=default.batch_size, help="crops a step")
    fit.add_argument("--steps", type=int, default=default.steps, help="in all")
    fit.add_argument(
        "--steps-per-epoch",
        type=int,
        default=default.steps_per_epoch,
        help="between two validations",
    )
    fit.add_argument(
        "--learning-rate", type=float, default=default.learning_rate, help="at its highest"
    )
    fit.add_argument(
        "--backbone-rate",
        type=float,
        default=default.backbone_rate,
        help="share of the learning rate for the backbone",
    )
    fit.add_argument("--weight-decay", type=float, default=default.weight_decay, help="of AdamW")
    fit.add_argument(
        "--close-up-share", type=float, default=default.close_up_share, help="of the crops"
    )
    fit.add_argument(
        "--bare-share",
        type=float,
        default=default.bare_share,
        help="of the crops, centred on a face without a mask",
    )
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
    for name, kind, many, text in (
        ("score_threshold", float, None, "least score of a face in photos"),
        ("live_score_threshold", float, None, "least score of a face in live video"),
        ("nms_iou", float, None, "boxes that overlap more are one face"),
        ("live_side", int, None, "working size for live video, pixels"),
        ("photo_sides", int, "+", "working sizes for photos, pixels"),
        ("enlarge", float, None, "largest factor by which small photos are enlarged"),
        ("mirrored_sides", int, "*", "working sizes for looks in the mirror, pixels"),
    ):
        install.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind,
            nargs=many,
            default=getattr(default, name),
            help=text,
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
    from training.runs import new_folder

    config = DetectorConfig.from_dict(settings)
    with new_folder(out):
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
