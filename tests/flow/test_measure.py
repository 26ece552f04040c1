"""What runs measure of themselves, read as Prometheus reads it."""

import asyncio
import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from imgpipe import (
    AtomicGauge,
    ConfigError,
    ImageFormat,
    MetricsRegistry,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    PipelineMetrics,
    Thumbnail,
)
from imgpipe.flow.advice import advise
from imgpipe.flow.channel import Channel
from imgpipe.flow.measure import Bottleneck
from prometheus_client.parser import text_string_to_metric_families


def numbers(text: str) -> dict[tuple[str, str], float]:
    """Values by sample and by the value of its first label, `format` and `le` aside."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {name: sample.labels[name] for name in sample.labels if name != "le"}
            form = labels.pop("format", "")
            found[sample.name, " ".join([*labels.values(), form]).strip()] = sample.value
    return found


def run(config: PipelineConfig, metrics: PipelineMetrics) -> None:
    async def drive() -> None:
        async with Pipeline(config, metrics=metrics) as pipeline:
            async for _ in pipeline:
                continue

    asyncio.run(asyncio.wait_for(drive(), 60))


def test_every_step_output_and_byte_is_counted(broken: Path, tmp_path: Path) -> None:
    metrics = PipelineMetrics()
    variants = [
        OutputVariant("a", [Thumbnail(20)], ImageFormat.WEBP),
        OutputVariant("b", max_bytes=10),
    ]
    out = tmp_path / "out"
    run(PipelineConfig(broken, out, variants=variants), metrics)
    run(PipelineConfig(broken, out, variants=variants), metrics)
    read = numbers(metrics.registry.snapshot_all().to_prometheus_format())

    assert read["imgpipe_outputs_total", "done"] == 1
    assert read["imgpipe_outputs_total", "skipped"] == 1
    assert read["imgpipe_outputs_total", "failed"] == 2 * (3 + 1)
    assert read["imgpipe_failures_total", "decode"] == 6
    assert read["imgpipe_failures_total", "encode"] == 2
    assert read["imgpipe_written_bytes_total", ""] == (out / "good_a.webp").stat().st_size
    assert read["imgpipe_read_bytes_total", ""] == 2 * (broken / "good.jpg").stat().st_size
    counts = {
        key[1]: int(value) for key, value in read.items() if key[0] == "imgpipe_step_seconds_count"
    }
    # good.jpg twice, whose second output never fits; all others fail before they are loaded.
    assert counts == {
        "load": 2,
        "queue": 2 * 2,
        "decode JPEG": 2,
        "transform": 1 + 2,
        "encode WebP": 1,
        "save": 2,
    }
    assert all(value >= 0 for value in read.values())
    assert read["imgpipe_step_seconds_sum", "decode JPEG"] > 0


def test_gauges_follow_what_is_in_flight_and_end_at_nothing(tmp_path: Path, pictures: Path) -> None:
    for number in range(40):
        (pictures / f"more{number}.jpg").write_bytes((pictures / "a.jpg").read_bytes())
    metrics = PipelineMetrics()
    config = PipelineConfig(pictures, tmp_path / "out", 1, 1, batch_size=1)

    async def leave() -> None:
        async with Pipeline(config, metrics=metrics) as pipeline:
            seen = 0
            async for _ in pipeline:
                seen += 1
                now = metrics.registry.snapshot_all().gauges
                assert now["imgpipe_in_flight"] == pipeline.statistics.in_flight
                assert now["imgpipe_memory_reserved_bytes"] == pipeline.statistics.memory_used
                assert now["imgpipe_kernel_threads"] >= 1
                if seen == 10:
                    assert now["imgpipe_in_flight"] > 0
                    return

    asyncio.run(asyncio.wait_for(leave(), 60))
    left = metrics.registry.snapshot_all().gauges
    del left["imgpipe_kernel_threads"]
    assert set(left.values()) == {0}


def test_runs_may_share_their_metrics_but_not_their_names() -> None:
    registry = MetricsRegistry()
    PipelineMetrics(registry)
    with pytest.raises(ConfigError, match="Expected a name that is not taken, got imgpipe_outputs"):
        PipelineMetrics(registry)


def test_a_channels_gauge_says_what_waits() -> None:
    async def fill() -> list[int]:
        gauge = AtomicGauge()
        channel: Channel[int] = Channel(3, 1, gauge)
        told = []
        for number in range(3):
            await channel.send(number)
            told.append(gauge.get())
        await anext(channel)
        told.append(gauge.get())
        channel.abandon()
        return [*told, gauge.get()]

    assert asyncio.run(fill()) == [1, 2, 3, 2, 0]


@pytest.mark.parametrize(
    ("bottleneck", "options", "sentence"),
    [
        (("decode", "JPEG"), {}, "decoding JPEG"),
        (("transform", ""), {}, "transforms"),
        (("load", ""), {}, "reading pictures"),
        (("save", ""), {}, "saving outputs; durability run would flush once, not every file"),
        (("save", ""), {"durability": "none"}, "saving outputs"),
        (("encode", "JPEG"), {}, "encoding JPEG"),
        (("encode", "AVIF"), {}, "encoding AVIF; effort 3 would take about half"),
        (("encode", "AVIF"), {"effort": 9}, "encoding AVIF; effort 6 would take about a quarter"),
        (("encode", "AVIF"), {"effort": 0}, "encoding AVIF"),
        (("encode", "WebP"), {"effort": 10}, "encoding WebP; effort 9 would take about half"),
        (("encode", "PNG"), {}, "encoding PNG; effort 4 would take about half"),
    ],
)
def test_a_sentence_says_what_took_longest_and_what_would_not(
    bottleneck, options, sentence: str
) -> None:
    formats = {"format": ImageFormat(bottleneck[1])} if bottleneck[0] == "encode" else {}
    config = PipelineConfig("in", "out", **formats, **options)
    assert advise(Bottleneck(*bottleneck, 0.6), config) == f"60 % of the time went into {sentence}"


def test_a_run_writes_numbers_and_a_trace(pictures: Path, tmp_path: Path) -> None:
    out, file = tmp_path / "out", tmp_path / "imgpipe.prom"
    command = [sys.executable, "-W", "error", "-m", "imgpipe"]
    options = ["--metrics", file, "--metrics-port", "0", "--profile", "-t", "thumbnail:50"]
    ran = subprocess.run(
        [*command, "run", pictures, "-o", out, *options],
        capture_output=True,
        text=True,
        check=True,
    )
    assert numbers(file.read_text())["imgpipe_outputs_total", "done"] == 6
    assert ran.stderr.splitlines()[0].split() == [
        "step",
        "time",
        "share",
        "times",
        "mean",
        "95",
        "%",
    ]
    assert "decode JPEG" in ran.stderr
    assert "% of" in ran.stderr
    trace = json.loads((out / ".imgpipe" / "trace.json").read_text())["traceEvents"]
    steps = [event["name"] for event in trace if event["ph"] == "X"]
    assert {name: steps.count(name) for name in ("load", "save", "decode JPEG", "encode PNG")} == {
        "load": 6,
        "save": 6,
        "decode JPEG": 2,
        "encode PNG": 1,
    }
    names = {
        event["tid"]: event["args"]["name"] for event in trace if event["name"] == "thread_name"
    }
    for event in trace:
        if event.get("cat") == "encode":
            assert names[event["tid"]].startswith(("imgpipe-small", "imgpipe-work"))
            assert event["dur"] > 0
    again = subprocess.run(
        [*command, "resume", out, "--metrics", file], capture_output=True, text=True, check=True
    )
    assert again.stdout.startswith("Successful: 0, Failed: 0, Skipped: 6")
    assert numbers(file.read_text())["imgpipe_outputs_total", "skipped"] == 6


def test_a_port_answers_while_the_run_lasts(pictures: Path, tmp_path: Path) -> None:
    from imgpipe.metrics import serve_metrics

    async def look() -> str:
        config = PipelineConfig(pictures, tmp_path / "out")
        async with Pipeline(config) as pipeline:
            with serve_metrics(pipeline.metrics.registry, 0) as server:
                async for _ in pipeline:
                    continue
                address = f"http://127.0.0.1:{server.port}/metrics"
                answer = await asyncio.to_thread(urllib.request.urlopen, address)
                with answer:
                    return answer.read().decode()

    assert numbers(asyncio.run(look()))["imgpipe_outputs_total", "done"] == 6


def test_what_cannot_be_measured_is_said_before_the_run(pictures: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "imgpipe",
        "run",
        pictures,
        "-o",
        tmp_path / "out",
    ]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options, sentence in (
            (["--metrics", tmp_path / "no" / "such" / "folder"], "Expected a file for metrics at"),
            (["--metrics-port", port], f"Expected a free port for metrics, got {port}"),
            (["--metrics-port", "70000"], "Expected a port from 0 to 65535, got 70000"),
        ):
            ran = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
            assert ran.returncode == 1
            assert ran.stderr.startswith(f"imgpipe: {sentence}")
            assert not (tmp_path / "out").exists()
