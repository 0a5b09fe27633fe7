"""``python -m training``: train, measure and install models."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskcore.detection.fcos import FcosSettings
from maskcore.errors import MasklensError
from training.config import (
    ARCHITECTURES,
    CONFIG_FILE,
    SPLITS,
    WEIGHTS,
    RunConfig,
    TrainConfig,
    default_enlarging,
)
from training.detector.config import DetectorConfig
from training.model_commands import add_model_commands, summary
from training.provenance import without_folders
from training.scene_commands import add_scene_commands

# TensorFlow takes seconds to import and greets at length: each command imports what
# it needs, after this.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    default = TrainConfig(data="")

    fit = commands.add_parser(
        "fit",
        help="train a mask classifier",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    fit.add_argument("--data", required=True, help="folder with with_mask/ and without_mask/")
    fit.add_argument("--out", required=True, type=Path, help="the run's folder")
    fit.add_argument("--architecture", choices=ARCHITECTURES, default=default.architecture)
    fit.add_argument(
        "--backbone-weights",
        default=default.backbone_weights,
        help="imagenet (fetched by Keras), installed, none, or a .weights.h5 file",
    )
    fit.add_argument(
        "--start-from",
        default=default.start_from,
        help="a former run's folder: fine-tuning goes on from its best weights",
    )
    fit.add_argument("--epochs", type=int, default=default.epochs, help="with a frozen backbone")
    fit.add_argument("--learning-rate", type=float, default=default.learning_rate)
    fit.add_argument(
        "--augmented-views",
        type=int,
        default=default.augmented_views,
        help="changed copies of each photo, beside the photo itself",
    )
    fit.add_argument(
        "--fine-tune",
        type=int,
        metavar="EPOCHS",
        dest="fine_tune_epochs",
        default=default.fine_tune_epochs,
        help="further epochs in which the whole network learns",
    )
    fit.add_argument(
        "--fine-tune-learning-rate", type=float, default=default.fine_tune_learning_rate
    )
    fit.add_argument(
        "--corrections",
        default=default.corrections,
        help="exported on the Metrics page: photos to leave out or of the other class",
    )
    fit.add_argument(
        "--scenes", default=default.scenes, help="annotated scenes, whose faces join fine-tuning"
    )
    fit.add_argument(
        "--close-up-boxes",
        default=default.close_up_boxes,
        help="made by pseudo-boxes: photos are also shown cut to their face",
    )
    _add_folds(fit, default)
    fit.add_argument("--label-smoothing", type=float, default=default.label_smoothing)
    fit.add_argument("--batch-size", type=int, default=default.batch_size)
    fit.add_argument("--dense-units", type=int, default=default.dense_units)
    fit.add_argument("--dropout", type=float, default=default.dropout)
    fit.add_argument("--image-size", type=int, default=default.image_size)
    fit.add_argument(
        "--enlarged-to",
        type=int,
        default=argparse.SUPPRESS,
        metavar="PIXELS",
        help="side to which the network enlarges its input, 0: as it is"
        " (default: 160 for inception_v3, 0 for mobilenet_v2)",
    )
    fit.add_argument("--validation-share", type=float, default=default.validation_share)
    fit.add_argument("--test-share", type=float, default=default.test_share)
    fit.add_argument(
        "--split-by",
        choices=SPLITS,
        default=default.split_by,
        help="time: for recordings, whose file names stand in the order they were taken",
    )
    fit.add_argument("--seed", type=int, default=default.seed)
    fit.add_argument(
        "--resume", action="store_true", help="go on with the interrupted run in --out"
    )

    pseudo = commands.add_parser(
        "pseudo-boxes", help="let YuNet mark the faces of close-ups, for fit-detector"
    )
    pseudo.add_argument("--data", required=True, type=Path, help="folder of photos")
    pseudo.add_argument("--out", required=True, type=Path, help="JSON file to write")

    _add_fit_detector(commands)

    evaluate = commands.add_parser("evaluate", help="measure a run, into its report.json")
    evaluate.add_argument("run", type=Path, metavar="RUN_DIR")
    evaluate.add_argument("--data", type=Path, help="another folder than the run's own test part")

    add_model_commands(commands)
    add_scene_commands(commands)

    _add_install(commands)
    _add_install_detector(commands)

    run_job = commands.add_parser("run-job", help="work on a run that the Training page made")
    run_job.add_argument("run_id", metavar="RUN")
    return parser


def _add_folds(fit: Any, default: RunConfig) -> None:
    fit.add_argument(
        "--folds",
        type=int,
        default=default.folds,
        help="of the scenes not for testing; 0: the usual parts, 1: all of them train",
    )
    fit.add_argument("--fold", type=int, default=default.fold, help="that validates, from 0")


def _add_install(commands: Any) -> None:
    install = commands.add_parser("install", help="export a run and put it into models/")
    install.add_argument("run", type=Path, metavar="RUN_DIR")
    install.add_argument("--name", required=True, help="the model's name")
    install.add_argument(
        "--crop-margin",
        type=float,
        default=0.1,
        help="share of the face's longer side added around it (default: %(default)s)",
    )
    install.add_argument(
        "--data-licence", default="not stated", help="origin and licence of the data, for the card"
    )
    install.add_argument(
        "--weights",
        choices=WEIGHTS,
        default="float32",
        help="how they are stored: int8 is a quarter of the size (default: %(default)s)",
    )
    doubts = install.add_argument_group(
        "not sure", "Faces not to be called; benchmarks/not_sure.py proposes. Default: none."
    )
    doubts.add_argument(
        "--not-sure-margin", type=float, help="log odds on either side of the threshold"
    )
    doubts.add_argument("--not-sure-side", type=float, help="smallest face called, pixels")
    doubts.add_argument("--not-sure-sharpness", type=float, help="least sharpness called")


def _add_install_detector(commands: Any) -> None:
    default = FcosSettings()
    install = commands.add_parser(
        "install-detector",
        help="export a detector's run and put it into models/",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    install.add_argument("run", type=Path, metavar="RUN_DIR")
    install.add_argument("--name", default="fcos", help="the model's name")
    install.add_argument("--score-threshold", type=float, default=default.score_threshold)
    install.add_argument("--live-score-threshold", type=float, default=default.live_score_threshold)
    install.add_argument("--nms-iou", type=float, default=default.nms_iou)
    install.add_argument("--live-side", type=int, default=default.live_side)
    install.add_argument("--photo-sides", type=int, nargs="+", default=default.photo_sides)
    install.add_argument("--enlarge", type=float, default=default.enlarge)
    install.add_argument("--mirrored-sides", type=int, nargs="*", default=default.mirrored_sides)
    install.add_argument(
        "--weights",
        choices=("float32", "float16"),
        default="float32",
        help="how they are stored: float16 is half the size",
    )
    install.add_argument(
        "--data-licence", default="not stated", help="origin and licence of the data, for the card"
    )


def _add_fit_detector(commands: Any) -> None:
    default = DetectorConfig(data="")
    fit = commands.add_parser(
        "fit-detector",
        help="train a face detector",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    fit.add_argument("--data", required=True, help="folder of annotated scenes")
    fit.add_argument("--out", required=True, type=Path, help="the run's folder")
    fit.add_argument("--close-ups", default="", help="folder with with_mask/ and without_mask/")
    fit.add_argument("--close-up-boxes", default="", help="their boxes, made by pseudo-boxes")
    fit.add_argument(
        "--backbone-weights",
        default=default.backbone_weights,
        help="imagenet (fetched by Keras), none, or a .weights.h5 file",
    )
    fit.add_argument("--start-from", default="", help="a former run's folder to go on from")
    fit.add_argument("--image-size", type=int, default=default.image_size, help="of crops, pixels")
    fit.add_argument("--batch-size", type=int, default=default.batch_size)
    fit.add_argument("--steps", type=int, default=default.steps)
    fit.add_argument("--steps-per-epoch", type=int, default=default.steps_per_epoch)
    fit.add_argument("--learning-rate", type=float, default=default.learning_rate)
    fit.add_argument(
        "--backbone-rate",
        type=float,
        default=default.backbone_rate,
        help="share of the learning rate for the backbone",
    )
    fit.add_argument("--weight-decay", type=float, default=default.weight_decay)
    fit.add_argument("--close-up-share", type=float, default=default.close_up_share)
    fit.add_argument("--bare-share", type=float, default=default.bare_share)
    _add_folds(fit, default)
    fit.add_argument("--seed", type=int, default=default.seed)
    fit.add_argument(
        "--resume", action="store_true", help="go on with the interrupted run in --out"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    typed = sys.argv[1:] if arguments is None else arguments
    shown = shlex.join(["python", "-m", "training", *map(without_folders, typed)])
    try:
        return _run(command, options, shown)
    except (MasklensError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"A file cannot be read or written: {error}", file=sys.stderr)
        return 1


def _run(command: str, options: dict[str, Any], typed: str) -> int:
    if act := options.pop("act", None):
        act(typed, **options)
    elif command == "fit":
        from training.fit import fit

        out, resume = options.pop("out"), options.pop("resume")
        former = out if resume else options["start_from"]
        # What goes on from a run keeps its network; a run to be resumed may not have begun.
        if former and (Path(former) / CONFIG_FILE).exists():
            enlarged_to = TrainConfig.load(Path(former)).enlarged_to
        else:
            enlarged_to = default_enlarging(options["architecture"], options["image_size"])
        options.setdefault("enlarged_to", enlarged_to)
        fit(TrainConfig.from_dict(options), out, typed, resume)
    elif command == "run-job":
        from training.job_runner import run_job

        return run_job(options["run_id"])
    elif command == "pseudo-boxes":
        from training.detector.pseudo import pseudo_boxes

        counts = pseudo_boxes(options["data"], options["out"], typed)
        print(", ".join(f"{count} {name}" for name, count in counts.items()))
    elif command == "fit-detector":
        from training.detector.fit import fit_detector

        out, resume = options.pop("out"), options.pop("resume")
        fit_detector(DetectorConfig.from_dict(options), out, typed, resume)
    elif command == "evaluate":
        from training.evaluate import evaluate

        report = evaluate(options["run"], typed, options["data"])
        for part, figures in report["parts"].items():
            print(summary(part, figures))
    elif command == "install":
        from training.export import install

        doubts = {
            "margin": options["not_sure_margin"],
            "smallest_side": options["not_sure_side"],
            "least_sharpness": options["not_sure_sharpness"],
        }
        folder = install(
            options["run"],
            options["name"],
            options["crop_margin"],
            options["data_licence"],
            typed,
            {name: value for name, value in doubts.items() if value is not None},
            options["weights"],
        )
        print(f"Installed in models/{folder.name}.")
    elif command == "install-detector":
        from training.detector.export import install_detector

        own = ("run", "name", "data_licence", "weights")
        run, name, licence, weights = (options.pop(key) for key in own)
        for sides in ("photo_sides", "mirrored_sides"):
            options[sides] = tuple(options[sides])
        folder = install_detector(run, name, FcosSettings(**options), licence, typed, weights)
        print(f"Installed in models/{folder.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
