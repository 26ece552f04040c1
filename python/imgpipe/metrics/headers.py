"""Where the C header of the atomics is."""

from pathlib import Path

from imgpipe import _atomics


def get_include() -> str:
    """The folder of `atomics.h`, for C, and Cython that cimports `imgpipe._atomics`."""
    return str(Path(_atomics.__file__).with_name("include"))
