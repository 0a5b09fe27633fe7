from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskcore.detection import YuNetDetector, yunet, yunet_available
from maskcore.detection.yunet import FILE_NAME, fetch_yunet, yunet_path
from maskcore.errors import MasklensError, ModelError

CONTENT = b"made for this test" * 1000
NO_ANSWER = (
    "YuNet could not be fetched: its server did not answer as expected."
    " Check the internet connection and try again."
)
OTHER_CONTENT = (
    "YuNet was not installed: what arrived is not the expected file (its SHA-256 differs)."
)


class Server(ThreadingHTTPServer):
    """Answers as its ``answer`` says; counts the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/{FILE_NAME}"
        self.answer: Callable[[BaseHTTPRequestHandler], object] = good
        self.requests = 0
        self.closing = threading.Event()
        self.outwaited = False  # whether a client stayed for longer than a stall

    def stall(self) -> None:
        """Send nothing for much longer than anybody should wait."""
        self.outwaited = not self.closing.wait(60)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        self.server.answer(self)

    def log_message(self, *_: object) -> None:
        pass


def send(handler: BaseHTTPRequestHandler, body: bytes, length: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()


def good(handler: BaseHTTPRequestHandler) -> None:
    send(handler, CONTENT, len(CONTENT))


def stall_half_way(handler: Handler) -> None:
    send(handler, CONTENT[:100], len(CONTENT))
    handler.server.stall()


# name -> answer, message
FAILURES: dict[str, tuple[Callable[[Handler], object], str]] = {
    "another file": (lambda handler: send(handler, b"<html>", 6), OTHER_CONTENT),
    "no content": (lambda handler: send(handler, b"", 0), OTHER_CONTENT),
    "one byte differs": (
        lambda handler: send(handler, CONTENT[:-1] + b"?", len(CONTENT)),
        OTHER_CONTENT,
    ),
    "cut short": (lambda handler: send(handler, CONTENT[:100], len(CONTENT)), NO_ANSWER),
    "404": (lambda handler: handler.send_error(404), NO_ANSWER),
    "500": (lambda handler: handler.send_error(500), NO_ANSWER),
    "stalls before answering": (lambda handler: handler.server.stall(), NO_ANSWER),
    "stalls half-way": (stall_half_way, NO_ANSWER),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(yunet, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        monkeypatch.setattr(yunet, "URL", server.url)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_fetched_file_is_installed(models_folder: Path, server: Server) -> None:
    assert not yunet_available()

    path = fetch_yunet()

    assert path == yunet_path() and yunet_available()
    assert files(models_folder) == {f"yunet/{FILE_NAME}": CONTENT}
    assert path.stat().st_mode & 0o044 == 0o044  # a server may run as another user


def test_file_is_fetched_to_where_it_is_looked_for(
    models_folder: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere" / "face.onnx"
    monkeypatch.setenv("MASKLENS_YUNET", str(place))

    assert fetch_yunet() == place

    assert yunet_available() and place.read_bytes() == CONTENT
    assert files(models_folder) == {}


@pytest.mark.parametrize("before", [None, b"an old version"])
@pytest.mark.parametrize("failure", FAILURES)
def test_failed_fetch_changes_nothing(
    models_folder: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    failure: str,
    before: bytes | None,
) -> None:
    if "stalls" in failure:  # else a slow machine would be taken for such a server
        monkeypatch.setattr(yunet, "_ANSWER_SECONDS", 1.0)
    server.answer, message = FAILURES[failure]
    if before:
        (models_folder / "yunet").mkdir()
        (models_folder / "yunet" / FILE_NAME).write_bytes(before)
    whole = files(models_folder)

    with pytest.raises(MasklensError) as caught:
        fetch_yunet()

    assert not server.outwaited
    assert str(caught.value) == message
    assert server.requests == 1
    assert files(models_folder) == whole


def test_refused_connection_is_reported(
    models_folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        monkeypatch.setattr(yunet, "URL", f"http://127.0.0.1:{closed.server_port}/")

    with pytest.raises(MasklensError) as caught:
        fetch_yunet()

    assert str(caught.value) == NO_ANSWER
    assert files(models_folder) == {}


def test_good_file_is_kept_and_not_fetched_again(models_folder: Path, server: Server) -> None:
    path = fetch_yunet()
    server.answer = FAILURES["another file"][0]

    assert fetch_yunet() == path
    assert path.read_bytes() == CONTENT
    assert server.requests == 1


def test_wrong_file_is_replaced(models_folder: Path, server: Server) -> None:
    (models_folder / "yunet").mkdir()
    (models_folder / "yunet" / FILE_NAME).write_bytes(b"an old version")

    assert fetch_yunet().read_bytes() == CONTENT


def test_folder_that_cannot_be_made_is_reported(models_folder: Path, server: Server) -> None:
    (models_folder / "yunet").write_text("a file in the way")

    with pytest.raises(MasklensError, match=r"^YuNet could not be saved in the folder yunet\.$"):
        fetch_yunet()


def test_path_can_be_set(models_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert yunet_path() == models_folder / "yunet" / FILE_NAME

    monkeypatch.setenv("MASKLENS_YUNET", "/elsewhere/face.onnx")

    assert yunet_path() == Path("/elsewhere/face.onnx")


def test_absent_file_is_refused_with_the_command(models_folder: Path) -> None:
    with pytest.raises(ModelError) as caught:
        YuNetDetector()

    assert str(caught.value) == (
        f"YuNet's file {FILE_NAME} is not installed. Fetch it with: python -m maskcore fetch yunet"
    )


@pytest.mark.parametrize("content", [b"", CONTENT])
def test_wrong_content_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    path = tmp_path / "face.onnx"
    path.write_bytes(content)
    monkeypatch.setenv("MASKLENS_YUNET", str(path))

    with pytest.raises(ModelError) as caught:
        YuNetDetector()

    assert str(caught.value) == (
        "YuNet's file face.onnx is damaged or of another version."
        " Delete it and run: python -m maskcore fetch yunet"
    )


class FakeYuNet:
    """Gives rows as OpenCV's FaceDetectorYN does: x, y, width, height, 10 landmarks, score."""

    def __init__(self, rows: NDArray[np.float32] | None) -> None:
        self.rows = rows
        self.sizes_wh: list[tuple[int, int]] = []
        self.first_pixels: list[list[int]] = []

    def setInputSize(self, size_wh: tuple[int, int]) -> None:
        self.sizes_wh.append(size_wh)

    def detect(self, image_bgr: NDArray[np.uint8]) -> tuple[int, NDArray[np.float32] | None]:
        self.first_pixels.append(image_bgr[0, 0].tolist())
        return 1, self.rows


@pytest.fixture
def with_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[YuNetDetector, FakeYuNet]]:
    """A detector whose file is CONTENT and whose OpenCV part gives the rows wanted."""
    monkeypatch.setattr(yunet, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    path = tmp_path / "face.onnx"
    path.write_bytes(CONTENT)
    monkeypatch.setenv("MASKLENS_YUNET", str(path))

    def make(*boxes_xywh_score: tuple[float, ...]) -> tuple[YuNetDetector, FakeYuNet]:
        rows = np.array([(*r[:4], *[-99] * 10, r[4]) for r in boxes_xywh_score], np.float32)
        fake = FakeYuNet(rows if len(rows) else None)
        monkeypatch.setattr(cv2.FaceDetectorYN, "create", lambda *_: fake)
        return YuNetDetector(), fake

    return make


def test_rows_become_boxes(with_rows: Callable[..., tuple[YuNetDetector, FakeYuNet]]) -> None:
    detector, fake = with_rows(
        (10, 20, 30, 40, 0.75), (60, 5, 0, 9, 0.9), (60, 5, 9, -1, 0.9), (80, 80, 9, 9, 1.25)
    )

    found = detector.detect(np.full((100, 200, 3), (1, 2, 3), np.uint8))

    assert found.boxes_xyxy.tolist() == [[80, 80, 89, 89], [10, 20, 40, 60]]
    assert found.scores.tolist() == [1, 0.75]
    assert fake.sizes_wh == [(200, 100)]
    assert fake.first_pixels == [[3, 2, 1]]  # YuNet was trained on BGR


def test_large_photo_is_searched_at_both_sizes(
    with_rows: Callable[..., tuple[YuNetDetector, FakeYuNet]],
) -> None:
    detector, fake = with_rows()

    assert len(detector.detect(np.zeros((960, 2560, 3), np.uint8))) == 0
    assert fake.sizes_wh == [(1280, 480), (320, 120)]


@pytest.fixture(scope="module")
def real_yunet() -> YuNetDetector:
    if not yunet_available():
        pytest.skip("YuNet's file is not here: set MASKLENS_YUNET or fetch it")
    return YuNetDetector()


def test_portrait_s_face_is_found_in_its_place(
    real_yunet: YuNetDetector, portrait: NDArray[np.uint8]
) -> None:
    pasted = np.full((600, 900, 3), 128, np.uint8)
    pasted[50:562, 300:812] = portrait

    found = real_yunet.detect(pasted)

    np.testing.assert_allclose(found.boxes_xyxy, [(478, 114, 571, 222)], atol=15)
    assert 0.85 < found.scores[0] <= 1


@pytest.mark.parametrize("size_hw", [(1, 1), (1, 2000), (2000, 1), (300, 400)])
def test_blank_picture_holds_no_face(real_yunet: YuNetDetector, size_hw: tuple[int, int]) -> None:
    assert len(real_yunet.detect(np.zeros((*size_hw, 3), np.uint8))) == 0
