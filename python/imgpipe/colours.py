"""Colours as people write them."""

import re

_NAMES = {
    "transparent": "00000000",
    "black": "000000",
    "white": "ffffff",
    "gray": "808080",
    "grey": "808080",
    "silver": "c0c0c0",
    "red": "ff0000",
    "orange": "ffa500",
    "yellow": "ffff00",
    "lime": "00ff00",
    "green": "008000",
    "cyan": "00ffff",
    "teal": "008080",
    "blue": "0000ff",
    "navy": "000080",
    "purple": "800080",
    "magenta": "ff00ff",
    "pink": "ffc0cb",
    "brown": "a52a2a",
}
_HEX = re.compile("#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.ASCII)


def parse_colour(text: str) -> tuple[int, int, int, int]:
    """The colour that `text` writes, as red, green, blue and opacity from 0 to 255, in sRGB.

    It is a name of CSS, such as `white` or `transparent`, or hexadecimal: `#rgb`, `#rgba`,
    `#rrggbb` or `#rrggbbaa`; in any case. Without an opacity it is opaque. Raises ValueError for
    anything else.

    >>> parse_colour("#f80")
    (255, 136, 0, 255)
    """
    written = text.strip().lower() if isinstance(text, str) else ""
    hexadecimal = _HEX.fullmatch(written)
    digits = hexadecimal[1] if hexadecimal else _NAMES.get(written)
    if digits is None:
        names = ", ".join(_NAMES)
        raise ValueError(f"Expected a colour such as #ff8800, or one of {names}, got {text!r}")
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue, opacity = bytes.fromhex(digits.ljust(8, "f"))
    return red, green, blue, opacity
