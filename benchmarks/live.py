"""The Live page under load: rate, lag, first picture, several tabs, and what is left behind.

A server of its own, Chromium with a fake camera (640x480, 30 frames/s, a masked and a bare
face), both on this machine. Lag is read off numbers in the pictures (benchmarks.live_page).

    python -m benchmarks.live [--seconds 30] [--tabs 4] [--tabs-seconds 120]
        [--restarts 50] [--trips 20] [--closed 10] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.app import CHROMIUM, FLAGS, camera_flags, running_app
from benchmarks.clips import CODE_BITS, RATE, moving_faces, write_camera_file
from benchmarks.live_page import open_live, seen, start, start_button, stop_button, watch
from maskcore.files import write_json

CLIP_SECONDS = 10
# Streamlit keeps a closed tab's session for a while, in case the visitor comes back.
SETTLE_SECONDS = 150


def steady(page: Any, seconds: float) -> dict[str, float]:
    """Watch one tab: pictures a second and lag in milliseconds."""
    watch(page, CLIP_SECONDS * RATE, RATE, CODE_BITS)
    page.wait_for_timeout(2000)
    before = seen(page)
    begin = time.monotonic()
    page.wait_for_timeout(seconds * 1000)
    after = seen(page)
    passed = time.monotonic() - begin
    lags = after["lags"][len(before["lags"]) :]
    return {
        "frames_per_second": (after["codes"] - before["codes"]) / passed,
        "lag_median_ms": statistics.median(lags),
        "lag_p95_ms": statistics.quantiles(lags, n=20)[-1],
    }


def many_tabs(context: Any, url: str, tabs: int, seconds: float) -> dict[str, Any]:
    """Run several tabs at once: each one's rate, and its lag in the first and last quarter."""
    pages = [open_live(context, url) for _ in range(tabs)]
    for page in pages:
        page.bring_to_front()
        start(page)
    for page in pages:
        watch(page, CLIP_SECONDS * RATE, RATE, CODE_BITS)
    begin = time.monotonic()
    counted = [0] * tabs
    watched = [0.0] * tabs
    # Chromium draws the tab in front alone, so they take turns there while all are running.
    while time.monotonic() - begin < seconds:
        for number, page in enumerate(pages):
            page.bring_to_front()
            page.wait_for_timeout(200)
            first, since = seen(page)["codes"], time.monotonic()
            page.wait_for_timeout(1500)
            counted[number] += seen(page)["codes"] - first
            watched[number] += time.monotonic() - since
    states = [seen(page) for page in pages]
    quarters = [
        (state["lags"][: len(state["lags"]) // 4], state["lags"][-len(state["lags"]) // 4 :])
        for state in states
    ]
    for page in pages:
        page.close()
    return {
        "frames_per_second": [
            count / passed for count, passed in zip(counted, watched, strict=True)
        ],
        "lag_first_quarter_ms": [statistics.median(first) for first, _ in quarters],
        "lag_last_quarter_ms": [statistics.median(last) for _, last in quarters],
    }


def held(server: psutil.Process) -> dict[str, float]:
    """What the server holds: memory in MB, threads and sockets."""
    return {
        "memory_mb": server.memory_info().rss / 1e6,
        "threads": server.num_threads(),
        "sockets": len(server.net_connections("all")),
    }


def left_behind(
    server: psutil.Process, use: Callable[[int], None], times: int
) -> dict[str, dict[str, float]]:
    """What the server holds before and after some use and a rest."""
    before = held(server)
    use(times)
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(5)
        after = held(server)
        back = all(after[name] <= before[name] for name in ("threads", "sockets"))
        if back and after["memory_mb"] <= 1.1 * before["memory_mb"]:
            break
    return {"before": before, "after": held(server)}


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All figures."""
    clip = folder / "faces.y4m"
    write_camera_file(clip, moving_faces(CLIP_SECONDS, faces=2, coded=True))
    results: dict[str, Any] = {}
    with running_app(folder / "log.txt") as (url, number), sync_playwright() as playwright:
        server = psutil.Process(number)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *camera_flags(clip)]
        )
        context = browser.new_context()
        context.grant_permissions(["camera"])
        context.set_default_timeout(60_000)

        page = open_live(context, url)
        first = [start(page)]
        results["one_tab"] = steady(page, options.seconds)
        for _ in range(4):
            stop_button(page).click()
            first.append(start(page))
        results["first_labelled_ms"] = {"first": first[0], "median": statistics.median(first)}
        stop_button(page).click()
        start_button(page).wait_for()

        def restart(times: int) -> None:
            for _ in range(times):
                start(page)
                stop_button(page).click()
            start_button(page).wait_for()

        def travel(times: int) -> None:
            for _ in range(times):
                start(page)
                page.get_by_role("link", name="Photos").first.click()
                page.get_by_role("button", name="Try the sample photo").wait_for()
                page.get_by_role("link", name="Live").first.click()
                start_button(page).wait_for()

        def close_tabs(times: int) -> None:
            for _ in range(times):
                other = open_live(context, url)
                start(other)
                other.close()

        restart(min(options.restarts, 5))  # buffers that are made once are no leak
        for name, use in (("restarts", restart), ("trips", travel), ("closed", close_tabs)):
            times = getattr(options, name)
            if times:
                results[name] = left_behind(server, use, times)
        page.close()
        if options.tabs:
            results["tabs"] = many_tabs(context, url, options.tabs, options.tabs_seconds)
        browser.close()
    log = (folder / "log.txt").read_text()
    results["tracebacks"] = log.count("Traceback")
    return results


def main() -> None:
    """Print the figures, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--tabs", type=int, default=4)
    parser.add_argument("--tabs-seconds", type=float, default=120)
    parser.add_argument("--restarts", type=int, default=50)
    parser.add_argument("--trips", type=int, default=20)
    parser.add_argument("--closed", type=int, default=10)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options, Path(folder))
    print(json.dumps(results, indent=1))
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    main()
