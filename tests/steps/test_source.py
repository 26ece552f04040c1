"""A decoded picture gives its memory back as soon as no output needs it."""

import weakref
from dataclasses import dataclass, field

import numpy as np
import pytest
from imgpipe import Grayscale, Image, ImageTransform, Thumbnail
from imgpipe.policy import Policy
from imgpipe.steps.source import Source
from imgpipe.steps.transform import render


@dataclass(frozen=True)
class Negative(ImageTransform):
    """Notes which pixels it was given, and whether those it was given before are still there."""

    given: list["weakref.ref[np.ndarray]"] = field(default_factory=list)
    alive: list[bool] = field(default_factory=list)

    def apply(self, image: Image) -> Image:
        self.alive.append(any(one() is not None for one in self.given))
        self.given.append(weakref.ref(image.pixels))
        return image.with_pixels(255 - image.pixels)


def source(uses: int | None) -> Source:
    return Source(Image.from_array(np.ones((4, 6, 3), np.uint8)), (6, 4), uses=uses)


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_only_the_last_output_lets_go_of_the_picture(outputs: int) -> None:
    drawn = source(outputs)
    for number in range(outputs):
        step = Negative()
        render(drawn, (step, step, step), Policy())
        kept = number < outputs - 1
        assert step.alive == [False, kept, kept]


def test_a_source_of_any_number_of_outputs_is_kept() -> None:
    drawn, step = source(None), Negative()
    for _ in range(3):
        render(drawn, (step,), Policy())
    assert step.alive == [False, True, True]
    assert drawn.image.width == 6


def test_what_was_done_to_it_is_known_once_it_is_gone() -> None:
    drawn = source(2)
    untouched, changed = render(drawn, (), Policy()), render(drawn, (Negative(),), Policy())
    assert drawn.is_untouched(untouched)
    assert not drawn.is_untouched(changed)
    smaller = render(source(1), (Grayscale(), Thumbnail(2)), Policy())
    assert (smaller.width, smaller.channels) == (2, 1)
