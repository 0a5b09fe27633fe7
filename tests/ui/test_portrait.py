from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage

from maskcore.images import read_image
from ui.portrait import portrait


def test_it_is_the_upper_part_of_nasa_s_portrait_to_the_pixel() -> None:
    whole = read_image(Path(skimage.__file__).parent / "data" / "astronaut.png")
    np.testing.assert_array_equal(portrait(), whole[:384])
