"""Draw all pictures of a folder on one sheet, to see at a glance what is in it.

    python examples/contact_sheet.py FOLDER -o SHEET.jpg [--columns 6] [--cell 256]

Every picture is shown upright with its name and its size in pixels below. Small pictures are
not enlarged, transparent ones lie on a checkerboard, and of an animation the first frame is
shown. A picture that cannot be read gets a cell that says so.
"""

import argparse
import os
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

PICTURE_ENDINGS = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
SHEET_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
SIDEWAYS = range(5, 9)  # the EXIF orientations that swap width and height
TIMES = "\N{MULTIPLICATION SIGN}"
LOOKALIKES = {TIMES: "x"}
LARGEST_SIDE = 65500  # JPEG knows no larger pictures

# All greys are neutral, so that the sheet does not tint the colours of the pictures.
BACKGROUND = (232, 232, 232)
CARD = (248, 248, 248)
INK = (32, 32, 32)
FAINT_INK = (112, 112, 112)
OUTLINE = (200, 200, 200)
CHECKS = ((255, 255, 255), (214, 214, 214))
CHECK_SIDE = 8

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Cell:
    """What one cell of the sheet shows; `picture` is None if the file could not be read."""

    name: str
    note: str
    picture: Image.Image | None


@dataclass(frozen=True)
class Layout:
    """Where everything is on the sheet, in pixels, all derived from the size of a cell."""

    columns: int
    rows: int
    cell: int

    @property
    def gap(self) -> int:
        """The space between cards."""
        return max(6, self.cell // 16)

    @property
    def padding(self) -> int:
        """The space between the edge of a card and what is on it."""
        return max(4, self.cell // 24)

    @property
    def text(self) -> int:
        """The height of the letters below a picture."""
        return max(11, self.cell // 17)

    @property
    def heading(self) -> int:
        """The height of the letters of the title."""
        return 2 * self.text

    @property
    def margin(self) -> int:
        """The space around everything."""
        return 2 * self.gap

    @property
    def top(self) -> int:
        """Where the first row of cards starts, below the title."""
        return self.margin + self.heading + self.margin

    @property
    def card(self) -> tuple[int, int]:
        """Width and height of a card: the cell, and two lines of text below it."""
        text_lines = 2 * round(1.4 * self.text)
        return self.cell + 2 * self.padding, self.cell + 3 * self.padding + text_lines

    @property
    def sheet(self) -> tuple[int, int]:
        """Width and height of the whole sheet."""
        width, height = self.card
        return (
            2 * self.margin + self.columns * (width + self.gap) - self.gap,
            self.top + self.rows * (height + self.gap) - self.gap + self.margin,
        )

    def corner(self, index: int) -> tuple[int, int]:
        """Return the top left corner of the card with number `index`, row by row from 0."""
        row, column = divmod(index, self.columns)
        width, height = self.card
        return self.margin + column * (width + self.gap), self.top + row * (height + self.gap)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; move it there when the block ends without error.

    Nobody ever sees half a file under `path`, even when the program is stopped in between.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def find_pictures(folder: Path) -> Iterator[Path]:
    """Yield the pictures below `folder`, sorted, without hidden files and folders."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            # A link to a folder may lead in a circle, or show the same pictures twice.
            if not path.is_symlink():
                yield from find_pictures(path)
        elif path.is_file() and path.suffix.lower() in PICTURE_ENDINGS:
            yield path


def eight_bit(picture: Image.Image) -> Image.Image:
    """Return `picture` as RGB, or as RGBA if some of it is transparent."""
    if picture.mode.startswith("I"):
        # Pillow would cut 16 bit greys off at 255 instead of scaling them down.
        picture = picture.point(lambda level: level * (1 / 256)).convert("L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def on_checkerboard(picture: Image.Image) -> Image.Image:
    """Return the RGBA `picture` as RGB, lying on a checkerboard."""
    board = Image.new("RGB", picture.size, CHECKS[0])
    draw = ImageDraw.Draw(board)
    for top in range(0, board.height, CHECK_SIDE):
        for left in range(top % (2 * CHECK_SIDE), board.width, 2 * CHECK_SIDE):
            draw.rectangle((left, top, left + CHECK_SIDE - 1, top + CHECK_SIDE - 1), CHECKS[1])
    board.paste(picture, mask=picture.getchannel("A"))
    return board


def load_thumbnail(path: Path, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """Return the picture at `path` upright and at most `side` pixels high and wide.

    Also return the width and height of the whole picture, upright.
    """
    with Image.open(path) as picture:
        width, height = picture.size
        sideways = picture.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
        # A JPEG can be decoded at a fraction of its size, many times faster.
        picture.draft(None, (2 * side, 2 * side))
        small = eight_bit(ImageOps.exif_transpose(picture))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        small = on_checkerboard(small)
    return small, (height, width) if sideways else (width, height)


def what_is_wrong(error: Exception) -> str:
    """Return in a few words why a picture could not be read, given what its decoder raised."""
    match error:
        case UnidentifiedImageError():
            return "not a picture"
        case PermissionError():
            return "no permission"
        case MemoryError() | Image.DecompressionBombError():
            return "too large"
        case _:
            return "damaged"


def make_cell(path: Path, folder: Path, side: int) -> Cell:
    """Return the cell for the picture at `path` below `folder`; it never fails for its file."""
    name = path.relative_to(folder).as_posix()
    try:
        picture, (width, height) = load_thumbnail(path, side)
    except Exception as error:  # given a damaged file, decoders raise nearly anything
        return Cell(name, what_is_wrong(error), None)
    return Cell(name, f"{width} {TIMES} {height}", picture)


def make_cells(paths: Sequence[Path], folder: Path, side: int) -> list[Cell]:
    """Return the cells of the pictures `paths` below `folder`, in the same order."""
    # Pillow lets go of the interpreter lock while it decodes, so threads suffice.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        # Pillow warns of pictures above 89 megapixels, and still refuses the absurd ones.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return list(pool.map(lambda path: make_cell(path, folder, side), paths))


def legible(text: str, font: Font) -> str:
    """Return `text` with what `font` cannot draw replaced, by something alike or else by `?`.

    The font that comes with Pillow has few letters beyond those of English.
    """
    missing = bytes(font.getmask("\uffff"))

    def drawn(letter: str) -> str:
        plain = unicodedata.normalize("NFKD", letter)[0]
        for candidate in (letter, LOOKALIKES.get(letter, plain)):
            if candidate.isprintable() and bytes(font.getmask(candidate)) != missing:
                return candidate
        return "?"

    return "".join(drawn(letter) for letter in unicodedata.normalize("NFC", text))


def shortened(text: str, width: float, font: Font) -> str:
    """Return `text` as it can be drawn, its middle left out if it is wider than `width` pixels."""
    text = legible(text, font)
    if font.getlength(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = kept // 2
        short = f"{text[: kept - tail]}…{text[-tail:]}"
        if font.getlength(short) <= width:
            return short
    return "…"


def draw_title(draw: ImageDraw.ImageDraw, layout: Layout, title: str, count: str) -> None:
    """Write `title` large at the top left of the sheet and `count` smaller at the top right."""
    large = ImageFont.load_default(layout.heading)
    small = ImageFont.load_default(layout.text)
    right = layout.sheet[0] - layout.margin
    baseline = layout.margin + layout.heading
    room = right - layout.margin - small.getlength(count) - layout.gap
    draw.text((layout.margin, baseline), shortened(title, room, large), INK, large, "ls")
    draw.text((right, baseline), count, FAINT_INK, small, "rs")


def draw_cell(sheet: Image.Image, layout: Layout, index: int, cell: Cell) -> None:
    """Draw `cell` as card number `index` on `sheet`: a picture, below it its name and note."""
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(layout.text)
    left, top = layout.corner(index)
    width, height = layout.card
    draw.rounded_rectangle((left, top, left + width - 1, top + height - 1), layout.padding, CARD)
    centre, middle = left + width // 2, top + layout.padding + layout.cell // 2
    if cell.picture:
        corner = (centre - cell.picture.width // 2, middle - cell.picture.height // 2)
        # The hairline shows where a picture ends that is as light as its card.
        right, bottom = corner[0] + cell.picture.width, corner[1] + cell.picture.height
        draw.rectangle((corner[0] - 1, corner[1] - 1, right, bottom), outline=OUTLINE)
        sheet.paste(cell.picture, corner)
    else:
        reach = layout.cell // 2
        box = (centre - reach, middle - reach, centre + reach - 1, middle + reach - 1)
        draw.rectangle(box, outline=OUTLINE)
        draw.text((centre, middle), "cannot be read", FAINT_INK, font, "mm")
    name_line = top + layout.cell + 2 * layout.padding + layout.text
    note_line = name_line + round(1.4 * layout.text)
    draw.text((centre, name_line), shortened(cell.name, layout.cell, font), INK, font, "ms")
    draw.text((centre, note_line), legible(cell.note, font), FAINT_INK, font, "ms")


def count_pictures(cells: Sequence[Cell]) -> str:
    """Return how many pictures there are, in words: `12 pictures, 1 cannot be read`."""
    unreadable = sum(cell.picture is None for cell in cells)
    pictures = f"{len(cells)} picture{'' if len(cells) == 1 else 's'}"
    return f"{pictures}, {unreadable} cannot be read" if unreadable else pictures


def draw_sheet(cells: Sequence[Cell], layout: Layout, title: str) -> Image.Image:
    """Return the sheet with all `cells` on it and `title` above them."""
    sheet = Image.new("RGB", layout.sheet, BACKGROUND)
    draw_title(ImageDraw.Draw(sheet), layout, title, count_pictures(cells))
    for index, cell in enumerate(cells):
        draw_cell(sheet, layout, index, cell)
    return sheet


def make_sheet(folder: Path, target: Path, columns: int, side: int) -> str:
    """Draw the pictures below `folder` into the file `target`; return what was done, in words.

    Raises ValueError, with a sentence for the user, if there is nothing to do or no way to.
    """
    if target.suffix.lower() not in SHEET_FORMATS:
        raise ValueError(f"expected a sheet named .jpg or .png but got {target}; rename it.")
    if not target.parent.is_dir():
        raise ValueError(f"expected to write into a folder but {target.parent} is none; make it.")
    if not folder.is_dir():
        raise ValueError(f"expected a folder of pictures but {folder} is none; check its name.")
    # A sheet in the folder itself, from the run before, is not one of its pictures.
    paths = [path for path in find_pictures(folder) if path.resolve() != target.resolve()]
    if not paths:
        endings = " ".join(sorted(PICTURE_ENDINGS))
        raise ValueError(f"expected pictures ({endings}) below {folder} but found none; add some.")
    columns = min(columns, len(paths))
    layout = Layout(columns, -(-len(paths) // columns), side)
    if max(layout.sheet) > LARGEST_SIDE:
        raise ValueError(
            f"expected a sheet of at most {LARGEST_SIDE} pixels a side but {len(paths)} pictures"
            f" need {layout.sheet[0]} by {layout.sheet[1]}; change --columns or lower --cell."
        )
    cells = make_cells(paths, folder, side)
    sheet = draw_sheet(cells, layout, folder.resolve().name or str(folder))
    with written_whole(target) as temporary:
        # Without subsampling the colours stay sharp at the edges of such small pictures.
        sheet.save(temporary, SHEET_FORMATS[target.suffix.lower()], quality=92, subsampling=0)
    return f"{target}: {count_pictures(cells)}"


def at_least(lowest: int) -> Callable[[str], int]:
    """Return an argparse type that takes whole numbers from `lowest` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < lowest:
            raise argparse.ArgumentTypeError(
                f"expected a whole number of at least {lowest} but got {text!r}; change it."
            )
        return int(text)

    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` if `arguments` is None); return the exit status."""
    parser = argparse.ArgumentParser(description="Draw all pictures of a folder on one sheet.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="searched with all below it")
    parser.add_argument(
        "-o", dest="sheet", type=Path, metavar="SHEET.jpg", required=True, help="file to write"
    )
    parser.add_argument(
        "--columns", type=at_least(1), default=6, help="pictures side by side (default 6)"
    )
    parser.add_argument(
        "--cell", type=at_least(96), default=256, help="pixels a picture may take (default 256)"
    )
    options = parser.parse_args(arguments)
    try:
        print(make_sheet(options.folder, options.sheet, options.columns, options.cell))
    except ValueError as error:
        print(f"contact_sheet: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"contact_sheet: expected to read {options.folder} and write {options.sheet} but:"
            f" {error}; check both and run again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
