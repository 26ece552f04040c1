"""The hot loops are vectorised, with the registers of their instruction set and no others.

What is looked at are the objects of the build that made the installed core: the core itself has
lost its symbols.
"""

import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from imgpipe import _imgcore

BUILDS = Path(__file__).parents[2] / "build"
CORE = Path(_imgcore.__file__)
DEPTHS = (8, 16, 32)
LEVELS = {"base": "xmm", "v3": "ymm", "v4": "ymm"}

# What a kernel's loops come down to, by SSE2's names; AVX puts a v before them.
EXPECTED = {
    (8, "separable"): {"pmulhuw", "pmullw", "packuswb", "mulps", "addps"},
    (8, "decimated"): {"pmulhuw", "paddusw", "packuswb"},
    (8, "convolve"): {"pmaddwd", "paddd", "packssdw", "packuswb"},
    (8, "resize"): {"pmaddwd", "paddd", "packssdw", "packuswb", "mulps"},
    (8, "box"): {"paddw", "paddd", "packuswb"},
    (16, "separable"): {"mulps", "addps", "cvttps2dq"},
    (16, "convolve"): {"mulps", "addps", "cvttps2dq"},
    (16, "resize"): {"mulps", "addps"},
    (32, "resize"): {"mulps", "addps"},
    (32, "separable"): {"mulps", "addps"},
    (32, "convolve"): {"mulps", "addps"},
}

Code = dict[str, list[str]]

pytestmark = [
    pytest.mark.skipif(not shutil.which("objdump"), reason="there is no objdump"),
    pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="this is no x86-64"),
]


def objdump(*arguments: object) -> str:
    command = ["objdump", "--no-show-raw-insn", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def machine_code(library: Path) -> str:
    """What strip leaves as it is."""
    return objdump("-s", "-j", ".text", library).split("Contents of section", 1)[1]


@pytest.fixture(scope="module")
def objects() -> Path:
    """The folder with the objects that the installed core was linked from."""
    if b"__asan_" in CORE.read_bytes():
        pytest.skip("this core was built to watch its memory, not to be fast")
    installed = machine_code(CORE)
    for library in BUILDS.glob(f"*/{CORE.name}"):
        if machine_code(library) == installed:
            return library.parent / "CMakeFiles"
    pytest.skip("the objects of the installed core are not there")


def disassembled(path: Path) -> Code:
    """The instructions of each function."""
    code: Code = {}
    for line in objdump("-d", path).splitlines():
        if begins := re.match(r"[0-9a-f]+ <(.+)>:$", line):
            code[begins[1]] = []
        elif match := re.match(r" +[0-9a-f]+:\t(.+)", line):
            code[next(reversed(code))].append(match[1])
    return code


def kernels_of(objects: Path, level: str, depth: int) -> Code:
    found = list(objects.glob(f"kernels_{level}_{depth}.dir/**/*.o"))
    assert len(found) == 1, found
    return disassembled(found[0])


def reached(code: Code, name: str, seen: set[str] | None = None) -> Iterator[str]:
    """The instructions of a function and of all others that it calls or takes the address of."""
    seen = set() if seen is None else seen
    if name in seen or name not in code:
        return
    seen.add(name)
    for instruction in code[name]:
        yield instruction
        for other in re.findall(r"<([^>+]+)", instruction):
            yield from reached(code, other, seen)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("depth", "kernel"), EXPECTED)
def test_hot_loops_are_vectorised(level: str, depth: int, kernel: str, objects: Path) -> None:
    code = kernels_of(objects, level, depth)
    assert kernel in code
    vectors = f"%{LEVELS[level]}"
    used = {i.split()[0] for i in reached(code, kernel) if vectors in i}
    prefix = "" if level == "base" else "v"
    if any(i.startswith("vfmadd") for i in used):  # one instruction does both
        used |= {"vmulps", "vaddps"}
    missing = {prefix + mnemonic for mnemonic in EXPECTED[depth, kernel]} - used
    assert not missing


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("level", LEVELS)
def test_no_other_instruction_set_is_used(level: str, depth: int, objects: Path) -> None:
    foreign = {
        "base": r"^v|%[yz]mm|%k[0-7]",
        "v3": r"%zmm|%k[0-7]|%[xy]mm(1[6-9]|[23]\d)",
        "v4": r"%zmm",  # 512 bits would slow the clock of some processors
    }[level]
    code = kernels_of(objects, level, depth)
    assert [i for lines in code.values() for i in lines if re.search(foreign, i)] == []


def test_what_runs_everywhere_is_for_every_processor(objects: Path) -> None:
    found = list(objects.glob("_imgcore.dir/**/*.o"))
    assert len(found) >= 2
    lines = [i for path in found for code in disassembled(path).values() for i in code]
    assert [i for i in lines if re.search(r"^v|%[yz]mm", i)] == []


def test_the_tables_are_all_that_an_object_gives_away(objects: Path) -> None:
    for level in LEVELS:
        for depth in DEPTHS:
            (path,) = objects.glob(f"kernels_{level}_{depth}.dir/**/*.o")
            symbols = [line.split() for line in objdump("-t", path).splitlines()]
            named = {line[-1] for line in symbols if len(line) > 4 and line[1] == "g"}
            assert named == {f"kernels_{level}_{depth}"}
