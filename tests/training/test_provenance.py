"""Tests of training.provenance."""

from __future__ import annotations

from pathlib import Path

from training.config import TrainConfig
from training.provenance import fit_provenance, save_provenance


def test_a_card_says_how_all_the_runs_gone_on_from_were_made(tmp_path: Path) -> None:
    former = ""
    for name in ("first", "second", "third"):
        config = TrainConfig(data="d", fine_tune_epochs=1, start_from=former)
        (tmp_path / name).mkdir()
        save_provenance(tmp_path / name, f"fit --out {name}")
        config.save(tmp_path / name)
        former = str(tmp_path / name)
    made_by = fit_provenance(tmp_path / "third", config)
    assert made_by["fit"]["command"] == "fit --out third"
    assert [run["command"] for run in made_by["starts"]] == ["fit --out first", "fit --out second"]
    assert [*fit_provenance(tmp_path / "first", TrainConfig.load(tmp_path / "first"))] == ["fit"]
