from __future__ import annotations

import pytest

from training.background.jobs import Job
from training.background.run_log import log_tail


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('  File "/home/me/app/training/classifier/fit.py", line 3', '  File "fit.py", line 3'),
        (r'  File "C:\Users\me\app\fit.py", line 3', '  File "fit.py", line 3'),
        ('  File "/home/A B/app/fit.py", line 3', '  File "fit.py", line 3'),
        (r'  File "C:\Users\A B\app\fit.py", line 3', '  File "fit.py", line 3'),
        (r"not allowed: 'C:\\Users\\A B\\last.keras'", "not allowed: 'last.keras'"),
        (r"not allowed: C:\Users\A B\last.keras", "not allowed: last.keras"),
        ("no space left: /tmp/x/last.keras", "no space left: last.keras"),
        ("3/10 epochs, loss 0.5/1", "3/10 epochs, loss 0.5/1"),
        ("see https://keras.io/api/models", "see https://keras.io/api/models"),
    ],
)
def test_the_log_names_no_folder_of_this_machine(job: Job, line: str, shown: str) -> None:
    (job.folder / "log.txt").write_text(line + "\n", encoding="utf-8")
    assert log_tail(job) == shown


def test_what_every_run_says_is_left_out_of_the_log(job: Job) -> None:
    ours = [
        "W0000 00:00:1732800000.1    1 cpu_allocator.cc:84] Allocation exceeds 10 % of memory.",
        "",
        "Traceback (most recent call last):",
        "INFO: the disk is nearly full",
    ]
    noise = [
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "I0000 00:00:1732800000.123456    1 port.cc:153] oneDNN custom operations are on.",
        "2026-11-28 20:11:04.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow"
        " with the appropriate compiler flags.",
        "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
    ]
    (job.folder / "log.txt").write_text("\n".join(noise + ours + noise) + "\n", encoding="utf-8")
    assert log_tail(job) == "\n".join(ours)


def test_the_log_ends_with_its_last_lines(job: Job) -> None:
    assert log_tail(job) == ""
    lines = [f"line {number} ä" for number in range(1000)]
    (job.folder / "log.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert log_tail(job, 3) == "\n".join(lines[-3:])
    (job.folder / "log.txt").write_bytes(b"\xff broken \xf0")
    assert "broken" in log_tail(job)
