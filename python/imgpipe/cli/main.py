"""The way in. What needs no pictures is answered before anything is loaded for them."""

import sys
import warnings

from imgpipe import __version__
from imgpipe.errors import ImgpipeError


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        print(f"imgpipe {__version__}")
        return
    import gc
    import logging

    gc.disable()  # of what is being loaded nothing is garbage
    from imgpipe.cli.app import app

    gc.freeze()
    gc.enable()
    # Libraries tell of oddities that cost no picture, without naming it.
    warnings.filterwarnings("ignore", module=r"(PIL|pydicom)\.")
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app(prog_name="imgpipe")
    except ImgpipeError as error:
        print(f"imgpipe: {error}", file=sys.stderr)
        sys.exit(1)
