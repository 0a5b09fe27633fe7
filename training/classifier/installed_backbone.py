"""Starting a run from the backbone of the installed model, which needs no internet.

The installed file holds convolutions with batch norm folded in. Put back into the Keras
base they compute the same, behind a batch norm that changes nothing; for one that is to
learn, its statistics are measured anew, with what the base computes unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskcore.errors import MasklensError
from training.batch_norm import convolution_before
from training.classifier.litert_weights import FoldedConvolution

_BATCH = 16


def load_folded(base: Any, convolutions: Sequence[FoldedConvolution]) -> None:
    """Give a base the convolutions of an exported one; every batch norm becomes the identity.

    Args:
        base: a Keras base in which a batch norm follows each convolution.
        convolutions: those of the file, in the order they are computed.

    Raises:
        MasklensError: they are not those of such a base.
    """
    norms = _batch_norms(base)
    ordered = _in_order_of_making(convolutions)
    kernels = [convolution_before(norm).weights[0] for norm in norms]
    if [tuple(kernel.shape) for kernel in kernels] != [c.kernel.shape for c in ordered]:
        raise MasklensError(
            "The installed model's weights do not fit this network. Choose other starting weights."
        )
    for norm, kernel, folded in zip(norms, kernels, ordered, strict=True):
        kernel.assign(folded.kernel)
        ones = np.ones_like(folded.bias)
        _set(norm, mean=0 * ones, variance=(1 - norm.epsilon) * ones, gamma=ones, beta=folded.bias)


def measure_statistics(base: Any, inputs: NDArray[np.float32]) -> None:
    """Make batch norms that are the identity fit to learn, leaving what they compute.

    Each gets the mean and variance that it meets in these inputs, and scale and shift that
    undo them. InceptionV3's have no scale: there the variance stays as it is.

    Args:
        base: after ``load_folded``.
        inputs: float32 (N, S, S, 3), N at least 1, as the base takes them.
    """
    norms = _batch_norms(base)
    probe = keras.Model(base.input, [norm.input for norm in norms])
    sums = [np.zeros((2, norm.beta.shape[0])) for norm in norms]
    counts = [0] * len(norms)
    for start in range(0, len(inputs), _BATCH):
        met = probe.predict_on_batch(inputs[start : start + _BATCH])
        for i, values in enumerate(met):
            flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
            sums[i] += [flat.sum(0), (flat**2).sum(0)]
            counts[i] += len(flat)
    for norm, total, count in zip(norms, sums, counts, strict=True):
        mean, square = total / count
        beta = np.asarray(norm.beta) + mean
        if norm.scale:
            variance = np.maximum(square - mean**2, 0)
            gamma = np.sqrt(variance + norm.epsilon)
        else:
            variance, gamma = np.full_like(mean, 1 - norm.epsilon), np.ones_like(mean)
        _set(norm, mean=mean, variance=variance, gamma=gamma, beta=beta)


def _set(norm: Any, **values: NDArray[Any]) -> None:
    norm.moving_mean.assign(values["mean"].astype(np.float32))
    norm.moving_variance.assign(values["variance"].astype(np.float32))
    norm.beta.assign(values["beta"].astype(np.float32))
    if norm.scale:
        norm.gamma.assign(values["gamma"].astype(np.float32))


def _batch_norms(base: Any) -> list[Any]:
    """The batch norms of a base, in the order of making where their names tell it."""
    norms = [layer for layer in base.layers if isinstance(layer, keras.layers.BatchNormalization)]
    if all(_numbered(norm.name) for norm in norms):
        norms.sort(key=lambda norm: _numbers(norm.name))
    return norms


def _in_order_of_making(convolutions: Sequence[FoldedConvolution]) -> list[FoldedConvolution]:
    """InceptionV3's branches may be computed in any order; its names are numbered."""
    if all(_numbered(convolution.name) for convolution in convolutions):
        # Exporting calls the network once more, which appends another number.
        appended = max(len(_numbers(c.name)) for c in convolutions) > 1
        return sorted(
            convolutions,
            key=lambda c: _numbers(c.name)[:-1] if appended else _numbers(c.name),
        )
    return list(convolutions)


def _numbered(name: str) -> bool:
    return name.startswith("batch_normalization")


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]
