"""The Live page in Chromium with a fake camera, for the benchmark and the browser tests."""

from __future__ import annotations

from typing import Any

# Pixels of a masked face's box in a small copy of the picture.
_BLUE = """
  const smaller = document.createElement('canvas');
  smaller.width = 160; smaller.height = 120;
  const painter = smaller.getContext('2d', {willReadFrequently: true});
  const blue = video => {
    painter.drawImage(video, 0, 0, 160, 120);
    const pixels = painter.getImageData(0, 0, 160, 120).data;
    let count = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      if (pixels[i] < 70 && pixels[i + 1] > 80 && pixels[i + 1] < 150
          && pixels[i + 2] > 130) count++;
    }
    return count;
  };
"""

# Beside the player a second look at the same camera shows what the player will show a
# moment later; frames carry their number (benchmarks.clips), and the distance is the lag.
_PROBE = (
    "async ({bits, rate, frames}) => {"
    + _BLUE
    + """
  const player = document.querySelector('video');
  const camera = document.createElement('video');
  camera.muted = true;
  // Opened outside of the player's frame, where the page slows the camera down when busy.
  camera.srcObject = await window.parent.navigator.mediaDevices.getUserMedia(
    {video: {width: 640, height: 480, frameRate: 30}});
  // Else it would stay open when the player's frame is gone.
  window.addEventListener('pagehide', () => camera.srcObject.getTracks().forEach(t => t.stop()));
  await camera.play();
  const state = {shown: 0, codes: 0, last: -1, lags: [], labelled: 0, sizes: {}};
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const read = video => {
    const w = video.videoWidth, h = video.videoHeight;
    if (!w) return -1;
    canvas.width = bits; canvas.height = 1;
    context.drawImage(video, 0, h - 16 * h / 480, w, 8 * h / 480, 0, 0, bits, 1);
    const pixels = context.getImageData(0, 0, bits, 1).data;
    let code = 0;
    for (let i = 0; i < bits; i++) if (pixels[4 * i] > 127) code |= 1 << i;
    return code < frames ? code : -1;
  };
  const look = () => {
    state.shown++;
    const code = read(player), live = read(camera);
    if (code >= 0 && code !== state.last) {
      state.codes++; state.last = code;
      if (live >= 0) state.lags.push(((live - code + frames) % frames) / rate * 1000);
    }
    if (state.shown % 5 === 0) {
      state.labelled += blue(player) > 20 ? 1 : 0;
      state.sizes[player.videoWidth + 'x' + player.videoHeight] = true;
    }
    player.requestVideoFrameCallback(look);
  };
  player.requestVideoFrameCallback(look);
  window.masklensProbe = state;
}
"""
)

# From the press of Start to the first picture with a blue (masked) box.
_FIRST_LABELLED = (
    "() => new Promise((resolve, reject) => {"
    + _BLUE
    + """
  const start = performance.now();
  const button = [...document.querySelectorAll('button')].find(b => /^start$/i.test(b.innerText));
  button.click();
  const look = () => {
    const video = document.querySelector('video');
    if (video && video.videoWidth && blue(video) > 20) return resolve(performance.now() - start);
    if (performance.now() - start > 120000) return reject(new Error('no labelled picture'));
    setTimeout(look, 20);
  };
  look();
})
"""
)


def open_live(context: Any, url: str) -> Any:
    """Open the Live page in a new tab; returns it once the player is ready for Start."""
    page = context.new_page()
    page.goto(f"{url}/live")
    start_button(page).wait_for()
    return page


def player(page: Any) -> Any:
    """The frame in which the stream plays."""
    page.locator("iframe[title*=webrtc]").wait_for()
    return page.frame_locator("iframe[title*=webrtc]")


def start_button(page: Any) -> Any:
    """The player's Start button."""
    return player(page).get_by_role("button", name="Start", exact=True)


def stop_button(page: Any) -> Any:
    """The player's Stop button."""
    return player(page).get_by_role("button", name="Stop", exact=True)


def _frame(page: Any) -> Any:
    handle = page.locator("iframe[title*=webrtc]").element_handle()
    return handle.content_frame()


def start(page: Any) -> float:
    """Press Start; returns milliseconds to the first picture with a box on it."""
    # While a stream is being stopped the button is there already, but cannot be pressed.
    player(page).locator("button:enabled").get_by_text("Start", exact=True).wait_for()
    milliseconds: float = _frame(page).evaluate(_FIRST_LABELLED)
    return milliseconds


def watch(page: Any, clip_frames: int, rate: int, bits: int) -> None:
    """Begin to count what the player shows."""
    _frame(page).evaluate(_PROBE, {"bits": bits, "rate": rate, "frames": clip_frames})


def seen(page: Any) -> dict[str, Any]:
    """What the player has shown since ``watch``.

    Returns:
        shown (pictures), codes (different ones), lags (milliseconds, one a new picture),
        labelled (of every fifth picture, those with a blue box), sizes.
    """
    state: dict[str, Any] = _frame(page).evaluate("() => window.masklensProbe")
    return state
