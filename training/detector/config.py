"""Everything that decides how a detector's run goes, in one frozen value saved with it."""

from __future__ import annotations

from dataclasses import dataclass

from training.config import RunConfig


@dataclass(frozen=True)
class DetectorConfig(RunConfig):
    """Settings of one run; unknown names and values out of range raise.

    With one fold the best epoch is the one that knows all scenes best.

    Attributes:
        data: folder of annotated scenes.
        close_ups: folder with ``with_mask/`` and ``without_mask/``, or "" for none.
        close_up_boxes: file of the close-ups' boxes, made by ``pseudo-boxes``.
        backbone_weights: "imagenet" (Keras fetches them), "none", or a .weights.h5 file.
        image_size: side of the training crops, pixels, a multiple of 32.
        batch_size: crops a step.
        steps: in all, a multiple of ``steps_per_epoch``.
        steps_per_epoch: between two validations, each followed by a checkpoint.
        learning_rate: AdamW's peak; it rises over the first 3 % of the steps and falls
            to zero along a cosine.
        backbone_rate: share, 0..1, of it for what began with the backbone's weights.
        weight_decay: AdamW's, of kernels alone, with the full rate for the backbone's, too.
        close_up_share: share, 0..1, of the crops that come from close-ups.
        bare_share: share, 0..1, of the crops centred on a face without a mask.
    """

    data: str
    close_ups: str = ""
    close_up_boxes: str = ""
    backbone_weights: str = "imagenet"
    image_size: int = 256
    batch_size: int = 16
    steps: int = 6000
    steps_per_epoch: int = 600
    learning_rate: float = 2e-3
    backbone_rate: float = 0.25
    weight_decay: float = 0.02
    close_up_share: float = 0.35
    bare_share: float = 0.4

    def __post_init__(self) -> None:
        self.check_ranges(
            ("image_size", 64, 1024),
            ("batch_size", 1, 256),
            ("steps", 1, 1_000_000),
            ("steps_per_epoch", 1, 100_000),
            ("learning_rate", 1e-8, 1),
            ("backbone_rate", 0, 1),
            ("weight_decay", 0, 1),
            ("close_up_share", 0, 1),
            ("bare_share", 0, 1),
        )
        if self.image_size % 32:
            raise ValueError(f"image_size must be a multiple of 32, got {self.image_size}")
        if self.steps % self.steps_per_epoch:
            raise ValueError(
                f"steps must be a multiple of steps_per_epoch ({self.steps_per_epoch}),"
                f" got {self.steps}"
            )
        if bool(self.close_ups) != bool(self.close_up_boxes):
            raise ValueError("close_ups and close_up_boxes belong together: give both or neither")

    @property
    def epochs(self) -> int:
        """Stretches of ``steps_per_epoch`` steps."""
        return self.steps // self.steps_per_epoch
