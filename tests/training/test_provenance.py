"""Tests of training.provenance."""

from __future__ import annotations

from pathlib import Path

from training.config import TrainConfig
from training.provenance import fit_provenance, save_provenance


def test_a_card_says_how_the_run_gone_on_from_was_made(tmp_path: Path) -> None:
    for name in ("former", "run"):
        (tmp_path / name).mkdir()
        save_provenance(tmp_path / name, f"fit --out {name}")
    alone = TrainConfig(data="d", fine_tune_epochs=1)
    assert [*fit_provenance(tmp_path / "run", alone)] == ["fit"]
    config = TrainConfig(data="d", fine_tune_epochs=1, start_from=str(tmp_path / "former"))
    made_by = fit_provenance(tmp_path / "run", config)
    assert {key: of["command"] for key, of in made_by.items()} == {
        "start": "fit --out former",
        "fit": "fit --out run",
    }
