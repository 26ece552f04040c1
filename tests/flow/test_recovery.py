"""Failures: of storage, which may pass, and of pictures, which do not."""

import asyncio
import errno
import os
import shutil
import threading
from collections import Counter
from pathlib import Path, PurePath

import pytest
from hypothesis import given, strategies as st
from imgpipe import (
    CircuitBreaker,
    CircuitOpen,
    CollisionError,
    ConfigError,
    ErrorRecoveryStrategy,
    ImageFormat,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    Thumbnail,
    TooManyFailures,
    run_pipeline,
)
from imgpipe.steps.plan import Output, plan
from imgpipe.steps.scan import Folder, Found, Roll

FORM = {"transforms": [Thumbnail(32)], "worker_count": 1}


class Faulty:
    """`os.open` that fails for a picture so many times before it works."""

    def __init__(self, monkeypatch, times: int, number: int = errno.EIO) -> None:
        self.tries: dict[str, int] = {}
        self._times, self._number, self._open = times, number, os.open
        monkeypatch.setattr(os, "open", self)

    def __call__(self, path, flags, *mode, **named):
        name = os.path.basename(os.fspath(path)) if not isinstance(path, int) else ""
        if flags & os.O_NONBLOCK:  # only pictures are opened so
            self.tries[name] = self.tries.get(name, 0) + 1
            if self.tries[name] <= self._times:
                raise OSError(self._number, os.strerror(self._number))
        return self._open(path, flags, *mode, **named)


def copies(photo: Path, folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        shutil.copy(photo, folder / f"{number:03}.jpg")
    return folder


def impatient(source: Path, out: Path) -> PipelineConfig:
    """One try for each picture, and a breaker that soon has had enough."""
    breaker = CircuitBreaker(3, 0.02)
    return PipelineConfig(
        source, out, retry_attempts=1, batch_size=1, circuit_breaker=breaker, **FORM
    )


@pytest.fixture
def photo(pictures: Path) -> Path:
    return pictures / "a.jpg"


def test_what_storage_refuses_is_tried_again(monkeypatch, photo: Path, tmp_path: Path) -> None:
    source = copies(photo, tmp_path / "photos", 2)
    faulty = Faulty(monkeypatch, 2)
    log = run_pipeline(PipelineConfig(source, tmp_path / "out", **FORM))
    assert (len(log.successful), log.failed) == (2, ())
    assert set(faulty.tries.values()) == {3}


def test_attempts_are_tries_in_all_and_the_strategys_win(
    monkeypatch, photo: Path, tmp_path: Path
) -> None:
    source = copies(photo, tmp_path / "photos", 1)
    faulty = Faulty(monkeypatch, 99)
    retry = ErrorRecoveryStrategy.retry(2)
    log = run_pipeline(PipelineConfig(source, tmp_path / "out", error_strategy=retry, **FORM))
    assert faulty.tries == {"000.jpg": 2}
    assert log.failed[0][1] == "Expected a file that can be read, got: Input/output error"


@pytest.mark.parametrize(("times", "done"), [(2, 2), (99, 0)])
def test_a_name_that_storage_refuses_is_asked_for_again(
    times: int, done: int, monkeypatch, photo: Path, tmp_path: Path
) -> None:
    source, out = copies(photo, tmp_path / "photos", 2), tmp_path / "out"
    tries, link = Counter(), os.link

    def faulty(staged, target, **named):
        tries[os.path.basename(target)] += 1
        if tries[os.path.basename(target)] <= times:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        link(staged, target, **named)

    monkeypatch.setattr(os, "link", faulty)
    log = run_pipeline(PipelineConfig(source, out, **FORM))
    assert (len(log.successful), set(tries.values())) == (done, {3})
    assert len(list(out.glob("*.jpg"))) == done
    assert not list(out.glob(".imgpipe/**/.imgpipe-*"))
    for _, reason in log.failed:
        assert reason.endswith("got: Input/output error")


def test_storage_that_gives_no_names_ends_the_run(monkeypatch, photo: Path, tmp_path: Path) -> None:
    """Though files can be read, and written under other names."""

    def faulty(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    source = copies(photo, tmp_path / "photos", 200)
    monkeypatch.setattr(os, "link", faulty)
    config = impatient(source, tmp_path / "out")
    with pytest.raises(CircuitOpen, match="Input/output error"):
        run_pipeline(config)


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOENT, errno.EPERM])
def test_a_refusal_for_good_is_not_tried_again(
    number: int, monkeypatch, photo: Path, tmp_path: Path
) -> None:
    faulty = Faulty(monkeypatch, 99, number)
    log = run_pipeline(
        PipelineConfig(copies(photo, tmp_path / "photos", 1), tmp_path / "out", **FORM)
    )
    assert (len(log.failed), faulty.tries) == (1, {"000.jpg": 1})


def test_a_broken_picture_is_not_tried_again(monkeypatch, broken: Path, tmp_path: Path) -> None:
    faulty = Faulty(monkeypatch, 0)
    breaker = CircuitBreaker(1, 60)
    log = run_pipeline(PipelineConfig(broken, tmp_path / "out", circuit_breaker=breaker, **FORM))
    assert (len(log.successful), len(log.failed)) == (1, 3)
    assert set(faulty.tries.values()) == {1}
    assert (breaker.failures, breaker.is_open()) == (0, False)


def test_a_run_that_waits_for_storage_stops_at_once(
    monkeypatch, photo: Path, tmp_path: Path
) -> None:
    source = copies(photo, tmp_path / "photos", 1)
    tried = threading.Event()
    faulty = Faulty(monkeypatch, 99)
    real = faulty.__call__

    def told(*arguments, **named):
        if arguments[1] & os.O_NONBLOCK and faulty.tries:
            tried.set()
        return real(*arguments, **named)

    monkeypatch.setattr(os, "open", told)
    config = PipelineConfig(source, tmp_path / "out", 1, None, 10**9)

    async def leave() -> None:
        async with Pipeline(config):
            await asyncio.to_thread(tried.wait, 30)

    asyncio.run(asyncio.wait_for(leave(), 30))
    assert threading.active_count() == 1


def test_fail_stops_at_the_first_failure(broken: Path, tmp_path: Path) -> None:
    config = PipelineConfig(
        broken,
        tmp_path / "out",
        error_strategy=ErrorRecoveryStrategy.FAIL,
        batch_size=1,
        **FORM,
    )
    with pytest.raises(TooManyFailures, match=r"1 of \d pictures failed; the last one was .*jpg: "):
        run_pipeline(config)


@pytest.mark.parametrize(
    ("limit", "stops"),
    [(2, True), ("2", True), (3, False), ("74%", True), ("75%", False), ("100%", False)],
)
def test_a_run_stops_after_more_failures_than_it_puts_up_with(
    limit, stops: bool, broken: Path, tmp_path: Path
) -> None:
    variants = [OutputVariant("a", [Thumbnail(8)]), OutputVariant("b", [Thumbnail(16)])]
    config = PipelineConfig(broken, tmp_path / "out", variants=variants, max_errors=limit)
    if stops:
        with pytest.raises(TooManyFailures, match="3 of [34] pictures failed"):
            run_pipeline(config)
    else:
        assert len(run_pipeline(config).failed) == 3


def test_a_share_counts_before_the_end_once_there_are_enough(tmp_path: Path, photo: Path) -> None:
    source = copies(photo, tmp_path / "photos", 300)
    for number in range(200):
        (source / f"{number:03}.jpg").write_bytes(b"")
    config = PipelineConfig(source, tmp_path / "out", max_errors="50%", **FORM)
    with pytest.raises(TooManyFailures) as caught:
        run_pipeline(config)
    assert "of 100 pictures" in str(caught.value)


def test_storage_that_keeps_failing_ends_the_run(monkeypatch, photo: Path, tmp_path: Path) -> None:
    source = copies(photo, tmp_path / "photos", 200)
    faulty = Faulty(monkeypatch, 999)
    config = impatient(source, tmp_path / "out")
    with pytest.raises(CircuitOpen, match="Input/output error; run again once it does"):
        run_pipeline(config)
    assert len(faulty.tries) < 12


def test_storage_that_comes_back_lets_the_run_go_on(
    monkeypatch, photo: Path, tmp_path: Path
) -> None:
    source = copies(photo, tmp_path / "photos", 20)
    real, failures = os.open, iter(range(4))

    def passing(path, flags, *mode, **named):
        if flags & os.O_NONBLOCK and next(failures, None) is not None:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return real(path, flags, *mode, **named)

    monkeypatch.setattr(os, "open", passing)
    breaker = CircuitBreaker(2, 0.02)
    config = PipelineConfig(
        source,
        tmp_path / "out",
        retry_attempts=1,
        batch_size=1,
        circuit_breaker=breaker,
        **FORM,
    )
    log = run_pipeline(config)
    assert (len(log.successful), len(log.failed)) == (16, 4)
    assert (breaker.failures, breaker.openings) == (0, 0)


def test_the_breaker_opens_lets_one_try_and_closes() -> None:
    now = 0.0
    breaker = CircuitBreaker(2, 10, clock=lambda: now)
    breaker.record_failure()
    assert not breaker.is_open()
    breaker.record_failure()
    assert breaker.is_open()
    now = 9.9
    assert breaker.is_open()
    now = 10
    assert [breaker.is_open(), breaker.is_open()] == [False, True]  # one probe
    breaker.record_failure()
    now = 19.9
    assert breaker.is_open()
    assert (breaker.failures, breaker.openings) == (3, 2)
    now = 20
    assert not breaker.is_open()
    now = 30  # the probe was never heard of again
    assert not breaker.is_open()
    breaker.record_success()
    assert [breaker.is_open() for _ in range(3)] == [False] * 3
    assert (breaker.failures, breaker.openings) == (0, 0)


def test_the_breaker_counts_exactly_from_many_threads() -> None:
    breaker = CircuitBreaker(10_000, 60)
    threads = [
        threading.Thread(target=lambda: [breaker.record_failure() for _ in range(2500)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (breaker.failures, breaker.is_open(), breaker.openings) == (10_000, True, 1)


def test_a_picture_that_takes_too_long_fails_alone(photo: Path, tmp_path: Path) -> None:
    source = copies(photo, tmp_path / "photos", 2)
    log = run_pipeline(PipelineConfig(source, tmp_path / "out", timeout=1e-9, **FORM))
    assert len(log.failed) == 2
    assert log.failed[0][1] == (
        "Expected to be done within 1e-09 s, got 0.0 s once it was decoded; "
        "a larger timeout allows it"
    )
    log = run_pipeline(PipelineConfig(source, tmp_path / "out", timeout=600, **FORM))
    assert len(log.successful) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_errors": "150%"}, "from 0% to 100%, got '150%'"),
        ({"max_errors": -1}, "from 0 on, or from 0% to 100%, got -1"),
        ({"max_errors": "some"}, "got 'some'"),
        ({"max_errors": True}, "got True"),
        ({"retry_attempts": 0}, "Expected retry_attempts to be a whole number from 1 on, got 0"),
        ({"timeout": 0}, "Expected timeout to be more than 0 seconds, got 0"),
        ({"timeout": float("nan")}, "got nan"),
        ({"on_collision": "ignore"}, "error, suffix, keep-ext, hash, got 'ignore'"),
        ({"error_strategy": "skip"}, "such as SKIP, got 'skip'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        PipelineConfig(tmp_path, tmp_path / "out", **options)
    assert sentence in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "retry", "retry:0", "retry:-1", "skip:2", "give up"])
def test_strategies_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="Expected"):
        ErrorRecoveryStrategy.parse(text)


def test_breakers_that_make_no_sense_are_refused() -> None:
    for arguments in ((0, 1), (1, 0), (1, float("nan")), (1.5, 1)):
        with pytest.raises(ConfigError, match="Expected"):
            CircuitBreaker(*arguments)


def made_of(source: Path, out: Path, rule: str, **options) -> dict[str, str]:
    """Which picture each output was made of."""
    config = PipelineConfig(
        source, out, format=ImageFormat.WEBP, on_collision=rule, **FORM, **options
    )

    async def collect():
        async with Pipeline(config) as run:
            return [result async for result in run]

    results = asyncio.run(asyncio.wait_for(collect(), 60))
    assert all(result.success for result in results)
    return {
        str(result.output_path.relative_to(out)): result.original_path.name for result in results
    }


@pytest.fixture
def twins(pictures: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "twins"
    folder.mkdir()
    shutil.copy(pictures / "a.jpg", folder / "a.jpg")
    shutil.copy(pictures / "b.png", folder / "a.png")
    shutil.copy(pictures / "b.png", folder / "a-2.png")
    shutil.copy(pictures / "b.png", folder / "b.png")
    return folder


def test_two_of_a_name_get_a_number_extension_or_digits(twins: Path, tmp_path: Path) -> None:
    alone = {"a-2.webp": "a-2.png", "b.webp": "b.png"}
    assert made_of(twins, tmp_path / "1", "suffix") == {
        **alone,
        "a.webp": "a.jpg",
        "a-3.webp": "a.png",
    }
    assert made_of(twins, tmp_path / "2", "keep-ext") == {
        **alone,
        "a.jpg.webp": "a.jpg",
        "a.png.webp": "a.png",
    }
    hashed = made_of(twins, tmp_path / "3", "hash")
    assert alone.items() <= hashed.items()
    assert sorted(hashed.values()) == ["a-2.png", "a.jpg", "a.png", "b.png"]
    assert made_of(twins, tmp_path / "3", "hash") == hashed  # a second run finds them again


def test_the_same_name_in_two_folders_made_flat(pictures: Path, tmp_path: Path) -> None:
    made = made_of(pictures, tmp_path / "out", "suffix", flat=True)
    assert [name for name in sorted(made) if name.startswith("a")] == ["a-2.webp", "a.webp"]


def test_ways_to_write_an_accent_are_one_name(photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "accents"
    folder.mkdir()
    for name in ("\u00e9.jpg", "e\u0301.jpg"):
        shutil.copy(photo, folder / name)
    made = made_of(folder, tmp_path / "out", "suffix")
    assert len(made) == 2
    assert {name.endswith("-2.webp") for name in made} == {True, False}


@given(st.lists(st.sampled_from(["a.jpg", "a.png", "a-2.jpg", "a.gif", "a.jpg.png", "b.jpg"])))
def test_no_two_names_are_ever_one(names: list[str]) -> None:
    roll = Roll()
    for number, name in enumerate(names):
        roll.add(Found(Folder(Path(str(number)), PurePath()), name, 1, 0))
    for rule in ("suffix", "hash", "keep-ext"):
        try:
            pages = list(plan(roll, [Output(format=ImageFormat.WEBP)], on_collision=rule))
        except CollisionError:
            assert rule == "keep-ext"
            continue
        paths = [target.path for page in pages for job in page for target in job.targets]
        assert len(set(paths)) == len(names)
