"""The sound of an alert, which the visitor's browser makes."""

from __future__ import annotations

from ui.hidden import hidden_component

_beep = hidden_component(
    "alert-sound",
    """
let context = null;
let heard = null;

function play() {
  for (const start of [context.currentTime, context.currentTime + 0.22]) {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.frequency.value = 880;
    // Faded in and out: a sudden start clicks.
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.3, start + 0.01);
    loudness.gain.setValueAtTime(0.3, start + 0.13);
    loudness.gain.linearRampToValueAtTime(0, start + 0.15);
    tone.connect(loudness).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.15);
  }
}

// Safari lets a page be heard from a press on, and no earlier one counts.
function begin() {
  context ??= new AudioContext();
  context.resume();
}

export default function ({ data }) {
  // The count outlives the component: coming back to the page is no alert.
  if (heard !== null && data.count > heard) {
    begin();
    // Before the first click on a page browsers keep it silent; an alert must not come later.
    const latest = performance.now() + 1000;
    context.resume().then(() => performance.now() < latest && play());
  }
  heard = data.count;
  addEventListener("pointerdown", begin);
  addEventListener("keydown", begin);
  return () => {
    removeEventListener("pointerdown", begin);
    removeEventListener("keydown", begin);
  };
}
""",
)


def alert_sound(count: int) -> None:
    """Beep each time the count has risen since it was last shown; takes no space."""
    _beep(data={"count": count})
