"""The sound of an alert, which the visitor's browser makes."""

from __future__ import annotations

from ui.hidden import hidden_component

_beep = hidden_component(
    "alert-sound",
    """
let context = null;
let heard = null;
let forget = null;

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

function begin() {
  context ??= new AudioContext();
  return context.resume();
}

// Safari lets a page be heard from a press on, and none before it was asked counts.
function beginAtNextPress() {
  const press = () => begin();
  for (const name of ["pointerup", "keydown"]) addEventListener(name, press, true);
  return () => {
    for (const name of ["pointerup", "keydown"]) removeEventListener(name, press, true);
  };
}

export default function ({ data }) {
  // The count outlives the component: coming back to the page is no alert.
  if (heard !== null && data.count > heard) {
    // Before the first click on a page browsers keep it silent; an alert must not come later.
    const latest = performance.now() + 1000;
    begin().then(() => performance.now() < latest && play());
  }
  heard = data.count;
  forget?.();  // the one of the call before, which may not be tidied away yet
  return (forget = beginAtNextPress());
}
""",
)


def alert_sound(count: int) -> None:
    """Beep each time the count has risen since it was last shown; takes no space."""
    _beep(data={"count": count})
