import pytest
from hypothesis import given, strategies as st
from imgpipe.colours import _NAMES, parse_colour
from PIL import ImageColor

hexadecimal = st.sampled_from([3, 4, 6, 8]).flatmap(
    lambda n: st.text("0123456789abcdefABCDEF", min_size=n, max_size=n)
)


@given(hexadecimal)
def test_hexadecimal_is_read_as_by_pillow(digits: str) -> None:
    assert parse_colour("#" + digits) == ImageColor.getcolor("#" + digits, "RGBA")


@pytest.mark.parametrize("name", sorted(_NAMES.keys() - {"transparent"}))
def test_names_are_those_of_css(name: str) -> None:
    assert parse_colour(f" {name.title()} ") == ImageColor.getcolor(name, "RGBA")


def test_transparent_is_clear_black() -> None:
    assert parse_colour("transparent") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "text", ["", "#", "#12", "#12345", "ff8800", "#ff88zz", "#١٢٣", "mauve", 7]
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="^Expected a colour such as .* white, .*got "):
        parse_colour(text)
