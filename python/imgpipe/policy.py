"""What holds for all outputs of a run, whatever is made of the pictures."""

from dataclasses import dataclass, fields

from imgpipe.errors import ConfigError

MARGIN = 1.625  # the least that stays within 0.005 of SSIM: docs/performance.md
IF_LARGER = ("write", "keep")


@dataclass(frozen=True, slots=True)
class Policy:
    """What goes along with a picture, what may be lost, and how it is made smaller.

    `keep` names metadata (see `metadata.KEEP`), `forbid_loss` the losses that are errors (see
    `losses.KINDS`). `linear` resizes light instead of sRGB's numbers. `margin`, from 1 to 2, says
    at how many times the size that is needed a picture is decoded at least; less is faster, and
    less sharp. `background` is what transparency is laid on where a format has none: red, green,
    blue. `if_larger` "keep" writes the input's own bytes where a picture nothing was done to would
    become a larger file. Raises ConfigError for anything else.
    """

    keep: frozenset[str] = frozenset({"copyright"})
    forbid_loss: frozenset[str] = frozenset()
    linear: bool = False
    margin: float = MARGIN
    background: tuple[int, int, int] = (255, 255, 255)
    if_larger: str = "write"

    def __post_init__(self) -> None:
        number = isinstance(self.margin, (int, float))
        if not number or not 1 <= self.margin <= 2:
            raise ConfigError(f"Expected a decode margin from 1 to 2, got {self.margin!r}")
        if self.if_larger not in IF_LARGER:
            raise ConfigError(
                f"Expected if_larger to be one of {', '.join(IF_LARGER)}, got {self.if_larger!r}"
            )

    def spell(self) -> str:
        """The same text for the same policy, in any process."""
        values = (getattr(self, field.name) for field in fields(self))
        return repr([sorted(v) if isinstance(v, frozenset) else v for v in values])
