from __future__ import annotations

import csv
import io
import threading

import pytest

from maskcore import session
from maskcore.session import Now, SessionLog
from maskcore.types import Analysis, Face


def seen(mask: int = 0, bare: int = 0, unsure: int = 0, detect: float = 8, classify: float = 2):
    box = (0.0, 0.0, 10.0, 10.0)
    faces = [Face(box, 0.9, 0.9, "Mask")] * mask + [Face(box, 0.9, 0.1, "No Mask")] * bare
    faces += [Face(box, 0.9, 0.5, "Mask", sure=False)] * unsure
    return Analysis((640, 480), tuple(faces), 0.5, detect, classify)


def test_before_the_first_frame_there_is_nothing() -> None:
    log = SessionLog()
    assert log.now(100.0) == Now()
    assert log.rows() == []
    assert log.is_empty
    assert len(log.csv().splitlines()) == 1


def test_the_figures_of_the_moment() -> None:
    log = SessionLog()
    for i in range(31):
        log.add(seen(2, 1, 1, detect=8 + i % 2, classify=3), 100 + i / 10, dropped=i % 3, people=5)
    now = log.now(103.0)
    assert now.frames_per_second == pytest.approx(10, rel=0.02)
    assert now.detect_ms == pytest.approx(8.5, abs=0.1)
    assert now.classify_ms == 3
    assert (now.mask, now.no_mask, now.not_sure, now.people) == (2, 1, 1, 5)
    assert now.dropped == sum(i % 3 for i in range(31))
    assert now.mask_share == pytest.approx(2 / 3)


def test_old_frames_do_not_count_as_now() -> None:
    log = SessionLog()
    for i in range(5):
        log.add(seen(1, detect=100), 10 + i / 10, 1, 1)
    for i in range(5):
        log.add(seen(0, 1, detect=10), 20 + i / 10, 0, 2)
    assert log.now(20.4).detect_ms == 10
    assert log.now(20.4).frames_per_second == pytest.approx(10)


def test_a_stream_that_stands_still_shows_no_faces_but_what_was() -> None:
    log = SessionLog()
    for i in range(5):
        log.add(seen(1, 1), i / 10, 1, 2)
    now = log.now(60.0)
    assert (now.frames_per_second, now.mask, now.no_mask) == (0, 0, 0)
    assert (now.dropped, now.people, now.mask_share) == (5, 2, 0.5)


def test_one_frame_has_no_rate() -> None:
    log = SessionLog()
    log.add(seen(1), 5.0, 0, 1)
    assert not log.is_empty
    assert log.now(5.0).frames_per_second == 0
    assert log.now(5.0).mask_share is None


def test_the_share_is_of_time_and_leaves_the_doubtful_out() -> None:
    log = SessionLog()
    log.add(seen(), 0.0, 0, 0)
    log.add(seen(1, 0, 3), 0.9, 0, 1)  # 0.9 s with mask
    log.add(seen(0, 1, 3), 1.2, 0, 1)  # 0.3 s without
    assert log.now(1.2).mask_share == pytest.approx(0.75)


def test_a_pause_is_nobody_s_time() -> None:
    log = SessionLog()
    log.add(seen(1), 0.0, 0, 1)
    log.add(seen(1), 1.0, 0, 1)
    log.add(seen(0, 1), 1000.0, 0, 1)  # a second stream much later
    assert log.now(1000.0).mask_share == pytest.approx(0.5)


def test_the_log_has_a_row_for_every_second_with_frames() -> None:
    log = SessionLog()
    log.add(seen(1, 0, detect=10), 50.0, 0, 1)
    log.add(seen(2, 1, detect=20, classify=5), 50.9, 3, 2)
    log.add(seen(0, 0, 1), 53.5, 1, 3)
    rows = log.rows()
    assert [(row.seconds, row.frames, row.dropped) for row in rows] == [(0, 2, 3), (3, 1, 1)]
    assert [(row.mask, row.no_mask, row.not_sure, row.people) for row in rows] == [
        (2, 1, 0, 2),
        (0, 0, 1, 3),
    ]
    assert (rows[0].detect_ms, rows[0].classify_ms) == (15, 3.5)
    table = list(csv.DictReader(io.StringIO(log.csv())))
    assert [row["seconds"] for row in table] == ["0", "3"]
    assert table[0]["detect_ms"] == "15.0"
    assert set(table[0]) == {
        "seconds", "frames", "dropped", "mask", "no_mask", "not_sure", "people", "detect_ms",
        "classify_ms",
    }  # fmt: skip


def test_a_session_left_running_keeps_the_latest_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MOST_ROWS", 10)
    log = SessionLog()
    for second in range(25):
        log.add(seen(1), float(second), 0, 1)
    assert [row.seconds for row in log.rows()] == list(range(15, 25))


def test_reading_while_another_thread_adds() -> None:
    log, faults = SessionLog(), []

    def write() -> None:
        for i in range(2000):
            log.add(seen(1, 1), i / 100, 0, 2)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        total = sum(row.frames for row in log.rows())
        if not 0 <= total <= 2000:
            faults.append(total)
        log.now(10.0)
        log.csv()
    writer.join()
    assert faults == []
    assert sum(row.frames for row in log.rows()) == 2000
