"""Numbers of bytes, as people write and read them."""

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?) *(?:([kmgt])(i)?)?b?")


def parse_bytes(text: str) -> int:
    """A number of bytes. Raises ValueError for anything else.

    >>> parse_bytes("1GB"), parse_bytes("1.5 KiB")
    (1000000000, 1536)
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f"Expected a size such as 500MB or 2GiB, got {text!r}")
    number, prefix, binary = match.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** (" kmgt".index(prefix) if prefix else 0))


def format_bytes(size: float) -> str:
    """A number of bytes as people read it.

    >>> format_bytes(999), format_bytes(12_345), format_bytes(2.5e9)
    ('999 bytes', '12.3 kB', '2.5 GB')
    """
    for unit, base in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= base:
            return f"{size / base:.1f} {unit}"
    return f"{size:.0f} bytes"
