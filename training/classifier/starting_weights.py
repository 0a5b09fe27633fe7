"""From which weights a run can start on this machine, said in plain sentences."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from maskcore.errors import MasklensError, ModelError
from maskcore.models import StoredModel, load_model
from training.classifier.installed import installed_cards
from training.classifier.litert_weights import FoldedConvolution, folded_convolutions

# Convolutions of each base, all with a batch norm behind them.
CONVOLUTIONS = {"mobilenet_v2": 52, "inception_v3": 94}
_KERAS_FILES = {
    "mobilenet_v2": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_*_no_top.h5",
    "inception_v3": "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
}
_MEGABYTES = {"mobilenet_v2": 9, "inception_v3": 88}

# Begins the sentence of a run that failed for it; what else serves depends on who reads it.
NOT_FETCHED = "The ImageNet weights could not be fetched."


def available_weights(architecture: str) -> list[tuple[str, str]]:
    """What a run can start from, the best choice first.

    Nobody is asked over the network: whether the ImageNet weights can be fetched shows
    when the run fetches them.

    Returns:
        Pairs of a value for ``TrainConfig.backbone_weights`` and a sentence on it.
    """
    fetched = any(_keras_folder().glob(_KERAS_FILES[architecture]))
    imagenet = (
        "The ImageNet weights, which are on this computer already."
        if fetched
        else "The ImageNet weights. Keras fetches them from the internet once"
        f" ({_MEGABYTES[architecture]} MB); without internet the run fails."
    )
    choices = [("imagenet", imagenet)]
    try:
        convolutions_of(installed_model(architecture))
    except MasklensError:
        pass
    else:
        sentence = (
            "The weights of the installed model, which has learned from faces with and without"
            " masks already. Nothing is fetched."
        )
        choices.insert(1 if fetched else 0, ("installed", sentence))
    random = (
        "Random weights: the network knows nothing yet. It learns only with fine-tuning epochs,"
        " and needs far more photos and time."
    )
    return [*choices, ("none", random)]


def convolutions_of(model: StoredModel) -> tuple[FoldedConvolution, ...]:
    """The convolutions of a classifier, batch norm folded in.

    Raises:
        MasklensError: its weights cannot be taken out of its file.
    """
    return _convolutions(str(model.card.get("architecture")), model.content)


def installed_model(architecture: str) -> StoredModel:
    """The installed model of an architecture; of several, that of its name first.

    Raises:
        MasklensError: none is installed.
    """
    for name, card in installed_cards(architecture):
        if card.get("architecture") == architecture:
            with suppress(ModelError):
                return load_model(name)
    raise MasklensError(
        "No model of this architecture is installed, so there are no weights of one to start"
        " from. Choose other starting weights."
    )


@lru_cache(maxsize=2)
def _convolutions(architecture: str, content: bytes) -> tuple[FoldedConvolution, ...]:
    convolutions = tuple(folded_convolutions(content))
    # The base's come first; a head has none.
    if len(convolutions) != CONVOLUTIONS[architecture]:
        raise MasklensError(
            f"The installed model has {len(convolutions)} convolutions where"
            f" {CONVOLUTIONS[architecture]} are needed. Choose other starting weights."
        )
    return convolutions


def _keras_folder() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"
