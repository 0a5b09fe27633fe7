"""What came of something, for those who hear the page: most of it changes without a word."""

from __future__ import annotations

from ui.hidden import hidden_component

# Of the whole page, and always there: what comes together with its text is not read out.
_announce = hidden_component(
    "announce",
    """
export default function ({ data }) {
  let place = document.getElementById("masklens-announced");
  if (!place) {
    place = document.createElement("div");
    place.id = "masklens-announced";
    place.setAttribute("role", "status");
    place.style.cssText =
      "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);";
    document.body.append(place);
  }
  // Later than its place, which is new where nothing was to be told before.
  const timer = setTimeout(() => { place.textContent = data.text; }, 100);
  // Another photo may show just the same, and another page has nothing to do with it.
  return () => {
    clearTimeout(timer);
    if (place.textContent === data.text) place.textContent = "";
  };
}
""",
)


def announce(text: str) -> None:
    """Have a sentence read out once it is another one than before; nothing is seen of it.

    Args:
        text: the sentence; empty while there is nothing to tell.
    """
    _announce(data={"text": text})
