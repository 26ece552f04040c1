"""Draw all pictures below a folder on one sheet, to see at a glance what is in it.

    python examples/contact_sheet.py FOLDER SHEET.jpg

Also an example of imgpipe's small functions: find pictures, open them upright, change them, save
the sheet whole. A picture that cannot be read gets a cell that says so.
"""

import asyncio
import sys
from pathlib import Path

from imgpipe import (
    Image,
    ImageError,
    ImgpipeError,
    Thumbnail,
    apply_transform,
    open_image,
    save_image,
    scan_directory,
)
from PIL import Image as pil, ImageDraw, ImageFont

COLUMNS, CELL, GAP, TEXT, HEADING = 6, 256, 20, 15, 32
CARD_WIDTH, CARD_HEIGHT = CELL + GAP, CELL + GAP + 4 * TEXT

# Neutral greys, so that the sheet does not tint the colours of the pictures.
BACKGROUND, CARD, INK, FAINT_INK = (232,) * 3, (248,) * 3, (32,) * 3, (112,) * 3


def draw_card(sheet: pil.Image, left: int, top: int, path: Path, name: str) -> None:
    """Draw the picture at `path` with its name and size on a card whose corner is given."""
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    box = (left, top, left + CARD_WIDTH - 1, top + CARD_HEIGHT - 1)
    draw.rounded_rectangle(box, GAP // 2, CARD)
    centre, middle = left + CARD_WIDTH // 2, top + (CELL + GAP) // 2
    try:
        image = open_image(path)
    except ImageError:
        draw.text((centre, middle), "cannot be read", FAINT_INK, font, "mm")
        note = f"{path.stat().st_size} bytes"
    else:
        small = apply_transform(image, Thumbnail(CELL)).to_pil().convert("RGBA")
        sheet.paste(small, (centre - small.width // 2, middle - small.height // 2), small)
        note = f"{image.width} x {image.height}"
    while font.getlength(name) > CELL:
        name = "..." + name.removeprefix("...")[1:]
    baseline = top + CELL + GAP + TEXT
    draw.text((centre, baseline), name, INK, font, "ms")
    draw.text((centre, baseline + 3 * TEXT // 2), note, FAINT_INK, font, "ms")


def draw_sheet(folder: Path, paths: list[Path]) -> pil.Image:
    """All pictures in rows of cards, below the folder's name."""
    columns = min(COLUMNS, len(paths))
    rows = -(-len(paths) // columns)
    width = columns * (CARD_WIDTH + GAP) + GAP
    top = HEADING + 3 * GAP
    sheet = pil.new("RGB", (width, top + rows * (CARD_HEIGHT + GAP)), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    line = HEADING + GAP
    draw.text((GAP, line), folder.name, INK, ImageFont.load_default(HEADING), "ls")
    count, small = f"{len(paths)} pictures", ImageFont.load_default(TEXT)
    draw.text((width - GAP, line), count, FAINT_INK, small, "rs")
    for index, path in enumerate(paths):
        row, column = divmod(index, columns)
        left, above = GAP + column * (CARD_WIDTH + GAP), top + row * (CARD_HEIGHT + GAP)
        draw_card(sheet, left, above, path, path.relative_to(folder).as_posix())
    return sheet


def main() -> None:
    """Read the command line and do it."""
    if len(sys.argv) != 3:
        sys.exit("Expected a folder and the file to draw, as in: contact_sheet.py FOLDER SHEET.jpg")
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        paths = [file.path for file in asyncio.run(scan_directory(folder, recursive=True))]
        if not paths:
            sys.exit(f"Expected pictures below {folder}, found none")
        save_image(Image.from_pil(draw_sheet(folder, paths)), target, quality=92)
    except ImgpipeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
