"""Commands about installed classifiers; only ``calibrate --model-runs`` loads TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.commands.options import file_to_write, folder, summary


def add_model_commands(commands: Any) -> None:
    """Add the commands to those of ``python -m training``; each carries its function."""
    calibrate = commands.add_parser(
        "calibrate", help="fit an installed model's probabilities to what they promise"
    )
    calibrate.set_defaults(act=run_calibrate)
    calibrate.add_argument("model", metavar="MODEL")
    calibrate.add_argument(
        "--masks", required=True, type=folder, help="the photos of the model's report"
    )
    calibrate.add_argument(
        "--scenes", type=folder, help="annotated scenes, whose validation faces join in"
    )
    calibrate.add_argument(
        "--model-runs",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN_DIR",
        help="of folds, trained like the model: the faces that each never saw join in instead",
    )
    calibrate.add_argument(
        "--keep",
        action="store_true",
        help="the temperature as it is: measure again, as photos are cut today, and write the"
        " figures into the model's card and report",
    )

    stress = commands.add_parser(
        "stress", help="measure an installed model on spoiled pictures of its test part"
    )
    stress.set_defaults(act=run_stress)
    stress.add_argument("model", metavar="MODEL")
    stress.add_argument(
        "--data", required=True, type=folder, help="the photos of the model's report"
    )
    stress.add_argument(
        "--out", required=True, type=file_to_write, metavar="FILE", help="JSON to write"
    )


def run_calibrate(
    typed: str, model: str, masks: Path, scenes: Path | None, model_runs: list[Path], keep: bool
) -> None:
    """Refit, and print the accuracy of every part, and its calibration error before and after.

    Raises:
        ValueError: runs of folds, but no scenes.
    """
    from maskcore.models import read_report
    from training.measuring.calibration import calibrate_model

    if model_runs and not scenes:
        raise ValueError("--model-runs are asked about scenes: give --scenes")
    record = calibrate_model(model, masks, scenes, typed, model_runs, keep)
    for part, figures in read_report(model)["parts"].items():
        print(summary(part, figures))
    print(f"temperature {record['temperature']:g}, fitted on {', '.join(record['fitted_on'])}")
    for part, error in record["error"].items():
        before, after = error["before"]["value"], error["after"]["value"]
        print(
            f"{part}: expected calibration error {before:.4f} before, {after:.4f} after"
            f" (n = {error['count']})"
        )


def run_stress(typed: str, model: str, data: Path, out: Path) -> None:
    """Measure, and print accuracy and both classes' shares under each change."""
    from training.measuring.stress import stress
    from training.measuring.stress_card import below

    card = stress(model, data, out, typed)
    titles = {"accuracy": "right", "recall_mask": "Mask", "recall_no_mask": "No Mask"}
    for row in card["rows"]:
        figures = (f"{t} {row[n]['hits']} of {row[n]['count']}" for n, t in titles.items())
        print(f"{row['change']} {row['level']}: {', '.join(figures)}")
    for row in card["rows"]:
        if low := below(row):
            worst = min(row[name]["value"] for name in low)
            print(f"breaks: {row['change']} {row['level']} ({worst:.1%})")
