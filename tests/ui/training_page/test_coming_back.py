from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ui.metrics.learning_curves
import ui.training.champion
import ui.training.run_list
import ui.training.run_view
import ui.training.training_data
import ui.training.training_settings
import ui.training.views
from maskcore.files import write_json
from tests.ui.pages import labels, press, texts
from tests.ui.training_page.page import OpenPage, compared, see_runs
from training.job_files import OUTCOME_FILE


def test_who_comes_back_is_told_what_finished_meanwhile(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = datetime(2026, 1, 3, 13, 32)
    clock = SimpleNamespace(time=lambda: ended.timestamp() + 3600)
    monkeypatch.setattr(ui.training.views, "time", clock)

    def finish(name: str, hours_ago: float, **more: Any) -> str:
        run_id: str = runs.make(name, "finished", 10, **more)
        outcome = {"state": "finished", "ended": ended.timestamp() - 3600 * hours_ago}
        write_json(runs.root / run_id / OUTCOME_FILE, outcome)
        return run_id

    finish("Eve", 25)
    page = open_training()
    assert page.segmented_control(key="training_view").options == ["New run", "Runs (1)"]
    assert "finished" not in texts(page)  # more than a day ago
    finish("*Ida*", 1)
    last = finish("Ben", 0, comparison=compared("no real difference"))
    for _ in range(2):  # whoever comes
        page = open_training()
        assert page.segmented_control(key="training_view").value == "New run"
        assert (
            "**“Ben”** finished on 3 Jan, 13:32: no real difference to the installed model,"
            " 33 of 40 test photos right."
        ) in texts(page)
    press(page, "See it")
    assert page.header[0].value == "Ben"
    assert page.query_params == {"view": last}
    page.segmented_control(key="training_view").set_value("New run").run()
    assert r"**“\*Ida\*”** finished on 3 Jan, 12:32." in texts(page)  # the one not looked at yet
    press(page, "See it")
    page.segmented_control(key="training_view").set_value("New run").run()
    assert "See it" not in labels(page)


def test_the_address_names_what_is_shown_and_leads_back_to_it(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = runs.make("First", "interrupted"), runs.make("Second", "interrupted")
    page = open_training()
    seen = [dict(page.query_params)]
    see_runs(page)
    seen.append(dict(page.query_params))
    page.button(key=f"show-{first}").click().run()
    seen.append(dict(page.query_params))
    page.run()
    assert seen == [{}, {"view": "runs"}, {"view": first}]
    assert page.query_params == seen[-1]

    # What was pressed while the address was on its way goes before the address.
    page.query_params = seen[1]
    page.button(key=f"show-{second}").click().run()
    assert page.header[0].value == "Second"
    assert page.query_params == {"view": second}

    def go(address: dict[str, Any]) -> str:
        page.query_params = address
        page.run()
        assert not page.exception
        return str(page.header[0].value)

    monkeypatch.setattr(ui.training.views, "_went_through_history", lambda: True)
    assert go(seen[2]) == "First"
    assert go(seen[1]) == "Second"  # the newest
    assert go(seen[0]) == "Photos"  # of the form
    assert go({"view": "new"}) == "Photos"
    assert page.query_params == {"view": "new"}


@pytest.mark.parametrize("training", ["on", "off"])
def test_who_comes_from_another_page_leaves_no_second_address_to_go_back_over(
    open_training: OpenPage, runs: Any, monkeypatch: pytest.MonkeyPatch, training: str
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", training)
    first = runs.make("First", "interrupted")
    runs.make("Second", "interrupted")
    page = open_training()
    if training == "on":
        see_runs(page)
    page.button(key=f"show-{first}").click().run()
    assert page.query_params == {"view": first}
    page.switch_page("pages/metrics.py").run()
    page.query_params = {}
    page.switch_page("pages/training.py").run()
    assert page.header[0].value == "First"
    assert page.query_params == {}


@pytest.mark.parametrize("training", ["on", "off"])
def test_a_run_has_a_link(
    open_page: OpenPage, runs: Any, models: Path, monkeypatch: pytest.MonkeyPatch, training: str
) -> None:
    monkeypatch.setenv("MASKLENS_TRAINING", training)
    first = runs.make("First", "interrupted")
    second = runs.make("Second", "interrupted")
    page = open_page("pages/training.py", view=first)
    assert page.header[0].value == "First"
    page.button(key=f"show-{second}").click().run()
    assert page.header[0].value == "Second"
    assert page.query_params == {"view": second}
    page = open_page("pages/training.py", view="20200101-000000-000000")
    assert "The run of this address is not there any more" in page.info[-1].value
    assert page.header[0].value == "Second"
    assert page.query_params == {"view": "runs"}
    page.run()
    assert "not there any more" not in texts(page)
