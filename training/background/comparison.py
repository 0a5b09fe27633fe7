"""A run's model beside the installed one, on the same photos: the figures and the verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from maskcore.files import write_json
from training.background.jobs import Job, State
from training.job_files import read_values

COMPARISON_FILE = "comparison.json"

Verdict = Literal["better", "no real difference", "worse", "no model to compare with"]


@dataclass(frozen=True)
class Figures:
    """What one model got right on one part of the data.

    Attributes:
        right, count: photos.
        accuracy: right / count, 0..1.
        interval: its 95 % Wilson interval.
        not_sure: photos that the app would not call either way, whatever was right.
    """

    right: int
    count: int
    accuracy: float
    interval: tuple[float, float]
    not_sure: int


@dataclass(frozen=True)
class PartComparison:
    """Both models on one part of the data.

    Attributes:
        part: "validation" or "test".
        run: the new model.
        installed: the one in use; None where there is none.
    """

    part: str
    run: Figures
    installed: Figures | None


@dataclass(frozen=True)
class Comparison:
    """The verdict on a run's model; it rests on the test part alone.

    Attributes:
        installed_name: under which the model in use is installed; "" where there is none.
        installed_title: what to call it.
        verdict: in one word or two.
        sentence: the verdict with its figures, for people.
        caution: what to bear in mind, for people; "" where there is nothing.
        parts: validation first, then test.
        installed_sha256: of the file compared with; "" where there is none.
    """

    installed_name: str
    installed_title: str
    verdict: Verdict
    sentence: str
    caution: str
    parts: tuple[PartComparison, ...]
    installed_sha256: str


def save_comparison(comparison: Comparison, run_dir: Path) -> None:
    """Write comparison.json into a run's folder."""
    write_json(run_dir / COMPARISON_FILE, asdict(comparison))


def comparison(job: Job) -> Comparison | None:
    """What a finished run's comparison found; None where there is none or it is damaged."""
    values = read_values(job.folder / COMPARISON_FILE)
    if job.state != State.FINISHED or not values:
        return None
    try:
        parts = tuple(_part(part) for part in values.pop("parts"))
        return Comparison(**values, parts=parts)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def of_test_photos(job: Job) -> Figures | None:
    """What a finished run's model made of the test photos; None where that is not known."""
    found = comparison(job)
    return next((part.run for part in found.parts if part.part == "test"), None) if found else None


def _part(values: dict[str, Any]) -> PartComparison:
    run, installed = values["run"], values["installed"]
    return PartComparison(values["part"], _figures(run), _figures(installed) if installed else None)


def _figures(values: dict[str, Any]) -> Figures:
    low, high = values["interval"]
    return Figures(**{**values, "interval": (low, high)})
