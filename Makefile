# Two commands set everything up from nothing: make demo, make test.
PYTHON ?= python3
PHOTOS ?=

BIN := .venv/bin
CORE := $(wildcard src/imgcore/* python/imgpipe/*.pxd) CMakeLists.txt pyproject.toml
SERIAL := .venv-serial/bin
TWO := -n 2 -p no:benchmark
KERNELS := tests/kernels $(addprefix --ignore=tests/kernels/test_,arguments.py door.py kernel.py)
SCANS := tests/codecs/test_scans.py tests/codecs/test_progressive.py
SANITIZED := .venv-sanitize/bin
WHEEL := .venv-wheel/bin

.PHONY: demo test check soak lint types contracts simd serial sanitize sanitize-short wheel bench \
  bench-e2e clean

demo: .venv/.run
ifeq ($(PHOTOS),)
	test -d build/photo-packages || $(BIN)/pip install --quiet --disable-pip-version-check \
	  --no-deps --target build/photo-packages scikit-image scikit-learn
	$(BIN)/python examples/demo_photos.py build/photo-packages build/photos
	$(MAKE) --no-print-directory demo PHOTOS=build/photos
else
	$(BIN)/imgpipe run "$(PHOTOS)" -o demo-output/thumbnails -t thumbnail:256 -O changed
	$(BIN)/imgpipe run "$(PHOTOS)" -o demo-output/soft-grey -t thumbnail:1024 -t grayscale -t blur:2 \
	  -O changed
	$(BIN)/python examples/contact_sheet.py demo-output/thumbnails demo-output/contact-sheet.jpg
	@echo "Look at demo-output/contact-sheet.jpg"
endif

test: .venv/.test
	$(BIN)/pytest -q $(TWO)

# All that CI runs; what finds most in the least time comes first.
check: lint types contracts test simd serial sanitize-short wheel

lint: .venv/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.check
	$(BIN)/mypy

contracts: .venv/.check
	$(BIN)/lint-imports --no-logo

# The kernels alone on instruction sets between the best this machine runs, which `test` tries, and the
# plainest, which `serial` does. The scans know no other than these two.
simd: .venv/.test
	for level in $$($(BIN)/python -c "from imgpipe import kernels; print(*kernels.simd_levels()[1:-1])"); do \
	  echo "IMGPIPE_SIMD=$$level"; IMGPIPE_SIMD=$$level $(BIN)/pytest -q $(TWO) $(KERNELS) || exit 1; done
	IMGPIPE_SIMD=base $(BIN)/pytest -q $(TWO) $(SCANS)

# The kernels without OpenMP and on the plainest instruction set, warnings being errors.
serial:
	$(PYTHON) -m venv .venv-serial
	$(SERIAL)/pip install --quiet '.[test-core]' -Cbuild-dir=build/serial \
	  -Ccmake.define.IMGPIPE_OPENMP=OFF -Ccmake.define.IMGPIPE_WERROR=ON
	IMGPIPE_SIMD=base $(SERIAL)/pytest -q $(TWO) $(KERNELS)

# The kernels where a read or write outside memory, or undefined behaviour, ends the process. Numpy's
# memory and, with PYTHONMALLOC, taps and curves are malloc's, whose every end is watched.
sanitize-short: SELECTION := -k "guards or memory or every_instruction_set"
sanitize sanitize-short:
	$(PYTHON) -m venv .venv-sanitize
	$(SANITIZED)/pip install --quiet '.[test-core]' -Cbuild-dir=build/sanitize \
	  -Ccmake.define.IMGPIPE_SANITIZE=ON -Cinstall.strip=false
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" \
	  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc \
	  $(SANITIZED)/pytest -q --capture=sys tests/kernels tests/metrics \
	  tests/codecs/test_scans.py $(SELECTION)

# Runs killed at two hundred moments, where the tests take fifty.
soak: .venv/.test
	SOAK=200 $(BIN)/pytest -q $(TWO) tests/runlog/test_soak.py

# The wheel as users get it, warnings being errors, tried in an empty environment.
wheel: .venv/.test
	rm -rf build/wheel .venv-wheel
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir build/wheel . -Cbuild-dir=build/werror \
	  -Ccmake.define.IMGPIPE_WERROR=ON
	$(PYTHON) -m venv .venv-wheel
	$(WHEEL)/pip install --quiet build/wheel/imgpipe-*-cp311-abi3-*.whl
	cd build/wheel && ../../$(WHEEL)/python -W error -m imgpipe doctor

bench: .venv/.bench
	$(BIN)/pytest -q -s bench --benchmark-only --benchmark-columns=min,median,iqr,rounds

# Whole programs against each other, over PHOTOS or generated pictures; sharp comes along where npm is.
bench-e2e: .venv/.bench
	test -d build/e2e/node || ! command -v npm || npm install --silent --prefix build/e2e/node sharp
	PHOTOS="$(PHOTOS)" $(BIN)/python -m bench.e2e

# The environment, with the package in it and its C code built anew whenever that has changed. One
# with more in it serves where less is asked for.
.venv/.run: EXTRAS :=
.venv/.test: EXTRAS := [test]
.venv/.check: EXTRAS := [test,check]
.venv/.bench: EXTRAS := [bench]
.venv/.test .venv/.check .venv/.bench: SERVES := .venv/.run
.venv/.check: SERVES += .venv/.test
.venv/.run .venv/.test .venv/.check .venv/.bench: $(CORE)
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else \
	  f"Expected Python 3.11 or newer, got {v.major}.{v.minor}; say make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.$(EXTRAS)'
	@touch $@ $(SERVES)

clean:
	rm -rf .venv .venv-serial .venv-sanitize .venv-wheel build demo-output
