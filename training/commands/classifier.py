"""Commands that train, measure and install mask classifiers."""

from __future__ import annotations

from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from training.commands.options import Formatter, add_run_options, add_settings, folder_name, summary
from training.config import (
    ARCHITECTURES,
    CONFIG_FILE,
    SPLITS,
    WEIGHTS,
    TrainConfig,
    default_enlarging,
)


def add_classifier_commands(commands: Any) -> None:
    """Add the commands to those of ``python -m training``; each carries its function."""
    _add_fit(commands)

    evaluate = commands.add_parser("evaluate", help="measure a run, into its report.json")
    evaluate.set_defaults(act=evaluate_run)
    evaluate.add_argument("run", type=Path, metavar="RUN_DIR")

    _add_install(commands)

    run_job = commands.add_parser("run-job", help="work on a run that the Training page made")
    run_job.set_defaults(act=work_on_job)
    run_job.add_argument("run_id", metavar="RUN")


def _add_fit(commands: Any) -> None:
    default = TrainConfig(data="")
    fit = commands.add_parser("fit", help="train a mask classifier", formatter_class=Formatter)
    fit.set_defaults(act=fit_classifier)
    fit.add_argument(
        "--data", required=True, type=folder_name, help="folder with with_mask/ and without_mask/"
    )
    fit.add_argument(
        "--architecture",
        choices=ARCHITECTURES,
        default=default.architecture,
        help="the network that the head stands on",
    )
    fit.add_argument(
        "--scenes",
        type=folder_name,
        default=default.scenes,
        help="annotated scenes, whose faces join fine-tuning",
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
        "--enlarged-to",
        type=int,
        default=SUPPRESS,
        metavar="PIXELS",
        help="side to which the network enlarges its input, 0: as it is"
        " (default: 160 for inception_v3 with smaller inputs, else 0)",
    )
    fit.add_argument(
        "--split-by",
        choices=SPLITS,
        default=default.split_by,
        help="time: for recordings, whose file names stand in the order they were taken",
    )
    helps = {
        "backbone_weights": "imagenet (fetched by Keras), installed, none, or a .weights.h5 file",
        "epochs": "in which the backbone is frozen and only the head learns",
        "learning_rate": "while the backbone is frozen",
        "augmented_views": "changed copies of each photo, beside the photo itself",
        "fine_tune_learning_rate": "at the beginning of fine-tuning; it falls to 0",
        "corrections": "exported on the Metrics page: photos to leave out or of the other class",
        "label_smoothing": "how far the targets 0 and 1 are drawn together, 0..0.5",
        "batch_size": "photos a step",
        "dense_units": "width of the head's hidden layer",
        "dropout": "share of units dropped before the output, 0..1",
        "image_size": "side of the network's input, pixels",
        "validation_share": "share of the photos that settings are chosen by",
        "test_share": "share of the photos that are only measured on",
    }
    add_settings(fit, default, helps)
    add_run_options(fit, default)


def _add_install(commands: Any) -> None:
    install = commands.add_parser("install", help="export a run and put it into models/")
    install.set_defaults(act=install_classifier)
    install.add_argument("run", type=Path, metavar="RUN_DIR")
    install.add_argument("--name", required=True, help="the model's name")
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
        "not sure",
        "When to answer Not sure (default: never); python -m benchmarks.not_sure proposes values.",
    )
    doubts.add_argument("--not-sure-margin", type=float, help="how near the threshold, in log odds")
    doubts.add_argument("--not-sure-side", type=float, help="below this side, in pixels")
    doubts.add_argument("--not-sure-sharpness", type=float, help="below this sharpness")


def fit_classifier(typed: str, out: Path, resume: bool, **settings: Any) -> None:
    """Train a classifier with the ``settings`` of a ``TrainConfig``."""
    from training.classifier.fit import fit
    from training.runs import removed_on_failure

    # A run to be resumed keeps its network; it may not have begun.
    if resume and (out / CONFIG_FILE).exists():
        enlarged_to = TrainConfig.load(out).enlarged_to
    else:
        enlarged_to = default_enlarging(settings["architecture"], settings["image_size"])
    settings.setdefault("enlarged_to", enlarged_to)
    config = TrainConfig.from_dict(settings)
    with removed_on_failure(out):
        fit(config, out, typed, resume)


def evaluate_run(typed: str, run: Path) -> None:
    """Measure a run, and print a line a part."""
    from training.classifier.evaluate import evaluate

    for part, figures in evaluate(run, typed)["parts"].items():
        print(summary(part, figures))


def install_classifier(
    typed: str,
    run: Path,
    name: str,
    data_licence: str,
    weights: str,
    **not_sure: float | None,
) -> None:
    """Export a run and put it into ``models/``."""
    from training.installing.export import export_and_install

    given = {
        "margin": not_sure["not_sure_margin"],
        "smallest_side": not_sure["not_sure_side"],
        "least_sharpness": not_sure["not_sure_sharpness"],
    }
    doubts = {limit: value for limit, value in given.items() if value is not None}
    folder = export_and_install(run, name, data_licence, typed, doubts, weights)
    print(f"Installed in models/{folder.name}.")


def work_on_job(typed: str, run_id: str) -> int:
    """Do the run; returns the exit code."""
    from training.background.job_runner import run_job

    return run_job(run_id)
