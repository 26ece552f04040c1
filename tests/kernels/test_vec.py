"""The vector primitives, for each instruction set, mean what they say."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from imgpipe import kernels

DRIVER = Path(__file__).with_name("vec_test.c")
SOURCES = Path(__file__).parents[2] / "src" / "imgcore"
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
OPTIONS = ["-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]

# How each is compiled, and the bytes of its vectors.
SETS = {"base": ([], None), "v3": (["-march=x86-64-v3"], 32), "plain": (["-DIMGCORE_PLAIN"], 16)}


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
@pytest.mark.parametrize("name", SETS)
def test_every_primitive_means_what_plain_c_says(name: str, tmp_path: Path) -> None:
    if name == "v3" and "v3" not in kernels.simd_levels():
        pytest.skip("this machine does not run v3")
    flags, size = SETS[name]
    program = tmp_path / "vec_test"
    command = [COMPILER, *OPTIONS, *flags, f"-I{SOURCES}", str(DRIVER), "-o", str(program), "-lm"]
    environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}  # not for compilers
    compiled = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stderr
    run = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout
    assert size is None or run.stdout.split() == [str(size)]


def test_no_primitive_is_left_out() -> None:
    names = {
        path.name: set(re.findall(r"\b(vecf?_\w+)(?=[ ,]*\()", path.read_text()))
        | set(re.findall(r"VEC_EACH\(\w+, \d+, (\w+)", path.read_text()))
        for path in SOURCES.glob("vec_*.h")
    }
    expected = set(re.findall(r'"(vecf?_\w+)"', DRIVER.read_text()))
    plain = names["vec_plain.h"] - {"vec_clamp"}
    assert expected == plain
    assert names["vec_avx2.h"] == names["vec_sse2.h"] == plain
