"""What may get lost on a picture's way: recorded with every output, an error where forbidden."""

from collections.abc import Iterable
from dataclasses import dataclass

from imgpipe.errors import ConfigError

KINDS = {
    "alpha": "transparency, in a format that has none",
    "animation": "the frames after the first",
    "colours": "colours beyond the 256 of a palette",
    "damage": "what a damaged file no longer holds",
    "depth": "bits of each sample beyond those kept",
    "depth-map": "how far away what is in a picture was",
    "gain-map": "what makes a picture brighter on screens of high dynamic range",
    "metadata": "EXIF and the like that `keep` does not name",
    "overlay": "what is drawn over a DICOM picture, such as marks",
    "pages": "the pages after the first",
    "preview": "all of a RAW picture that its preview does not show",
    "profile": "a colour profile that could not be used",
}


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """One thing that an output no longer has: its `kind`, a key of `KINDS`, and what it was.

    >>> str(Loss("depth", "16 bits to 8"))
    'depth (16 bits to 8)'
    """

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.what})"


def check_kinds(kinds: Iterable[str]) -> frozenset[str]:
    """`kinds` as a set. Raises ConfigError for one that is no kind of loss."""
    given = frozenset([kinds] if isinstance(kinds, str) else kinds)
    for kind in sorted(given - KINDS.keys(), key=str):
        raise ConfigError(f"Expected losses among {', '.join(KINDS)}, got {kind!r}")
    return given
