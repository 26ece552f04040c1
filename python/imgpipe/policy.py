"""What holds for all outputs of a run, whatever is made of the pictures."""

from dataclasses import dataclass, field, fields

from imgpipe.errors import ConfigError
from imgpipe.limits import LIMITS, Limits

MARGIN = 1.625  # the least that stays within 0.005 of SSIM: docs/performance.md
IF_LARGER = ("write", "keep")
DEPTHS = (8, 10, 12, 16)
ANIMATIONS = ("keep", "first", "error")
RAWS = ("develop", "preview")
RAW_HIGHLIGHTS = ("clip", "keep", "blend", "rebuild")
DICOM_WINDOWS = ("file", "percentile", "full")


@dataclass(frozen=True, slots=True)
class Reading:
    """How pictures are read that can be read in several ways.

    `animation` says what becomes of frames: `keep` takes all of them where an output can hold
    them, `first` the first alone, `error` refuses a picture that has more. `dicom_window` says
    which values of a DICOM picture are spread from black to white: those that its `file` names, all
    but a `percentile` at either end, or `full`, which is also what becomes of a file that names
    none. `raw` RAW pictures are what they `develop` to, or the camera's `preview`, which is far
    faster. `raw_exposure` is in stops, from -2 to 3, None meaning as bright as LibRaw finds good;
    `raw_highlights` what becomes of highlights that not all colours have: `clip`, `keep`, `blend`
    or `rebuild`. Raises ConfigError for anything else.
    """

    animation: str = "keep"
    dicom_window: str = "file"
    raw: str = "develop"
    raw_exposure: float | None = None
    raw_highlights: str = "clip"

    def __post_init__(self) -> None:
        _check_choice("animation", self.animation, ANIMATIONS)
        _check_choice("dicom_window", self.dicom_window, DICOM_WINDOWS)
        _check_choice("raw", self.raw, RAWS)
        _check_choice("raw_highlights", self.raw_highlights, RAW_HIGHLIGHTS)
        stops = self.raw_exposure
        number = isinstance(stops, int | float) and not isinstance(stops, bool)
        if stops is not None and not (number and -2 <= stops <= 3):
            raise ConfigError(f"Expected raw_exposure from -2 to 3 stops, got {stops!r}")


@dataclass(frozen=True, slots=True)
class Policy:
    """What goes along with a picture, what may be lost, and how it is made smaller.

    `keep` names metadata (see `metadata.KEEP`), `forbid_loss` the losses that are errors (see
    `losses.KINDS`). `linear` resizes light instead of sRGB's numbers. `margin`, from 1 to 2, says
    at how many times the size that is needed a picture is decoded at least; less is faster, and
    less sharp. `background` is what transparency is laid on where a format has none: red, green,
    blue. `if_larger` "keep" writes the input's own bytes where a picture nothing was done to would
    become a larger file, a JPEG's without what is said within or behind its scans. `depth` is the
    most bits a sample has, None as many as picture and format have; with `dither` samples that are
    rounded keep their mean over a few pixels. `reading` says how pictures are read, `limits` which
    are refused. Raises ConfigError for anything else.
    """

    keep: frozenset[str] = frozenset({"copyright"})
    forbid_loss: frozenset[str] = frozenset()
    linear: bool = False
    margin: float = MARGIN
    background: tuple[int, int, int] = (255, 255, 255)
    if_larger: str = "write"
    depth: int | None = None
    dither: bool = False
    reading: Reading = field(default_factory=Reading)
    limits: Limits = LIMITS

    def __post_init__(self) -> None:
        number = isinstance(self.margin, (int, float))
        if not number or not 1 <= self.margin <= 2:
            raise ConfigError(f"Expected a decode margin from 1 to 2, got {self.margin!r}")
        _check_choice("if_larger", self.if_larger, IF_LARGER)
        if self.depth not in (None, *DEPTHS):
            raise ConfigError(
                f"Expected depth of {', '.join(map(str, DEPTHS))}, got {self.depth!r}"
            )

    def spell(self) -> str:
        """The same text for the same policy, in any process; limits change no output."""
        values = (getattr(self, one.name) for one in fields(self) if one.name != "limits")
        return repr([sorted(v) if isinstance(v, frozenset) else v for v in values])


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"Expected {name} to be one of {', '.join(choices)}, got {value!r}")
