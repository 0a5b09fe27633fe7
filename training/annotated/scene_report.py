"""Measuring detector and classifier together on annotated scenes: found and labelled right.

How faces are matched and counted: each prediction, surest first, takes the annotated
face it overlaps most, if by at least ``MIN_IOU`` and still free. Faces whose longer side
is under ``min_side`` pixels, and masks worn incorrectly, are neither asked for nor held
against the detector. A prediction that took no face is a false alarm if its own longer
side is at least ``min_side``. A face that was not found counts as missed for its class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskcore.boxes import overlaps
from maskcore.images import read_image
from maskcore.pipeline import MaskPipeline
from maskcore.types import Face
from training.annotated.scenes import Scene, SceneFace
from training.metrics import CLASS_NAMES, resamples, share

MIN_IOU = 0.4
SIZE_BANDS = ((8, 16), (16, 32), (32, 64), (64, 128), (128, math.inf))
# Counts of one photo, each once for each class, in the order of CLASS_NAMES.
_FACES, _FOUND, _TP, _FP, _FN, _ALARMS = range(6)

Counts = NDArray[np.int64]


def evaluate_scenes(
    asked: Iterable[tuple[MaskPipeline, Sequence[Scene]]],
    min_side: float = 32.0,
    on_scene: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Look at every scene and count.

    Args:
        asked: detector and classifier, and the annotated photos that they are asked about;
            several where none of them may be asked about all.
        min_side: smallest face asked for, pixels of the longer side.
        on_scene: called before each scene with how many are done.

    Returns:
        JSON values: "figures" (see ``figures``), "by_class" with the faces of each class
        asked for, found, and found and labelled right, "recall_by_size" by band of the longer
        side in pixels, and the median milliseconds a photo for detecting and classifying.
    """
    counts: list[Counts] = []
    sizes: list[tuple[float, int, bool]] = []
    times: list[tuple[float, float]] = []
    each = ((pipeline, scene) for pipeline, scenes in asked for scene in scenes)
    for done, (pipeline, scene) in enumerate(each):
        if on_scene:
            on_scene(done)
        analysis = pipeline.analyze(read_image(scene.image_path))
        taken, loose = match(scene.faces, analysis.faces)
        counts.append(count(scene.faces, taken, loose, min_side))
        sizes += [
            (face.longer_side, face.label, found is not None)
            for face, found in zip(scene.faces, taken, strict=True)
            if face.label is not None
        ]
        times.append((analysis.detect_ms, analysis.classify_ms))
    detect_ms, classify_ms = np.median(times, axis=0)
    return {
        "photos": len(counts),
        "min_side": min_side,
        "min_iou": MIN_IOU,
        "figures": with_intervals(np.array(counts)),
        "by_class": by_class(np.array(counts)),
        "recall_by_size": _recall_by_size(sizes),
        "detect_ms": round(float(detect_ms), 2),
        "classify_ms": round(float(classify_ms), 2),
    }


def _recall_by_size(faces: Sequence[tuple[float, int, bool]]) -> list[dict[str, Any]]:
    """Of (longer side in pixels, label, whether found) of each annotated face."""
    rows = []
    for low, high in SIZE_BANDS:
        row: dict[str, Any] = {"from": low, "below": high if high < math.inf else None}
        for label, name in enumerate(CLASS_NAMES):
            found = [ok for side, of, ok in faces if low <= side < high and of == label]
            row[name] = share(sum(found), len(found))
        rows.append(row)
    return rows


def match(
    truth: tuple[SceneFace, ...], found: tuple[Face, ...]
) -> tuple[list[Face | None], list[Face]]:
    """Give each annotated face the prediction that took it.

    Returns:
        For each annotated face its prediction or None, and the predictions left over.
    """
    taken: list[Face | None] = [None] * len(truth)
    loose = []
    surest_first = sorted(found, key=lambda face: -face.score)
    shared = overlaps(_boxes(surest_first), _boxes(truth)).tolist()
    for face, by_truth in zip(surest_first, shared, strict=True):
        free = [(iou, i) for i, iou in enumerate(by_truth) if taken[i] is None]
        best, index = max(free, default=(0.0, -1))
        if best >= MIN_IOU:
            taken[index] = face
        else:
            loose.append(face)
    return taken, loose


def _boxes(faces: Sequence[Face | SceneFace]) -> NDArray[np.float64]:
    return np.array([face.box_xyxy for face in faces], float).reshape(-1, 4)


def count(
    truth: tuple[SceneFace, ...], taken: list[Face | None], loose: list[Face], min_side: float
) -> Counts:
    """Count one photo: int (2, 6), a row a class: faces, found, tp, fp, fn, false alarms."""
    counts = np.zeros((2, 6), np.int64)
    for face, found in zip(truth, taken, strict=True):
        if face.label is None or face.longer_side < min_side:
            continue
        row = counts[face.label]
        row[_FACES] += 1
        row[_FOUND] += found is not None
        if found is None:
            row[_FN] += 1
        elif CLASS_NAMES.index(found.label) == face.label:
            row[_TP] += 1
        else:
            row[_FN] += 1
            counts[1 - face.label, _FP] += 1
    for alarm in loose:
        if alarm.longer_side >= min_side:
            counts[CLASS_NAMES.index(alarm.label), [_FP, _ALARMS]] += 1
    return counts


def figures(counts: Counts) -> dict[str, NDArray[np.float64]]:
    """The figures of counts summed over photos, int (..., 2, 6) -> arrays (...,).

    Detection: recall, by class, precision and F1 of the boxes alone. End to end: a face
    counts only if it was found and labelled right; F1 a class and their mean, macro F1.
    A share of nothing is 1: recall where no face was asked for, label accuracy where none of
    them was found, precision where there was no false alarm either, and F1 where there was
    nothing to count at all.
    """
    faces, found, tp, fp, fn, alarms = np.moveaxis(counts, -1, 0)
    all_found = found.sum(-1)
    f1 = _f1(tp, fp, fn)
    return {
        **{name: _ratio(*of) for name, of in _shares(counts).items()},
        "detection_f1": _f1(all_found, alarms.sum(-1), faces.sum(-1) - all_found),
        "f1_mask": f1[..., 1],
        "f1_no_mask": f1[..., 0],
        "macro_f1": f1.mean(-1),
    }


def _shares(counts: Counts) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Those of ``figures`` that are shares: hits, and of how many."""
    faces, found, tp, _, _, alarms = np.moveaxis(counts, -1, 0)
    all_found = found.sum(-1)
    return {
        "detection_recall": (all_found, faces.sum(-1)),
        "detection_recall_mask": (found[..., 1], faces[..., 1]),
        "detection_recall_no_mask": (found[..., 0], faces[..., 0]),
        "detection_precision": (all_found, all_found + alarms.sum(-1)),
        "label_accuracy_on_found": (tp.sum(-1), all_found),
    }


def with_intervals(counts: Counts) -> dict[str, Any]:
    """Figures of (photos, 2, 6) counts with 95 % bootstrap intervals over photos, seed 0.

    Where nothing failed, or nothing succeeded, photos drawn again say nothing else, however few
    they are: shares of exactly 0 or 1, and others whose resamples all agree, have the Wilson
    interval of their count. It takes the faces of one photo for independent. An F1 whose
    resamples all agree, and a share of nothing, have None.
    """
    sums = [counts[drawn].sum(axis=1) for drawn in resamples(len(counts))]
    resampled = figures(np.concatenate(sums))
    total = counts.sum(axis=0)
    whole, shares = figures(total), _shares(total)

    def interval(name: str, values: NDArray[np.float64]) -> list[float] | None:
        low, high = np.quantile(values, [0.025, 0.975]).tolist()
        if low < high and not (name in shares and whole[name] in (0, 1)):
            return [low, high]
        wilson: list[float] | None = None
        if name in shares:
            hits, of = shares[name]
            wilson = share(int(hits), int(of))["interval"]
        return wilson

    return {
        "faces": int(total[:, _FACES].sum()),
        "faces_mask": int(total[1, _FACES]),
        "faces_no_mask": int(total[0, _FACES]),
        "found": int(total[:, _FOUND].sum()),
        "labelled_right": int(total[:, _TP].sum()),
        "false_alarms": int(total[:, _ALARMS].sum()),
        **{
            name: {"value": float(whole[name]), "interval": interval(name, values)}
            for name, values in resampled.items()
        },
    }


def by_class(counts: Counts) -> dict[str, dict[str, int]]:
    """Of (photos, 2, 6) counts, by class: faces asked for, found, and found and right."""
    return {
        name: {
            "faces": int(total[_FACES]),
            "found": int(total[_FOUND]),
            "labelled_right": int(total[_TP]),
        }
        for name, total in zip(CLASS_NAMES, counts.sum(axis=0), strict=True)
    }


def _ratio(part: Any, whole: Any) -> Any:
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)


def _f1(tp: Any, fp: Any, fn: Any) -> Any:
    return _ratio(2 * tp, 2 * tp + fp + fn)
