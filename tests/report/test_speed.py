"""The benchmarks: that they compare equal work, and that their page is made from their results."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import baseline, encoder, network, program, streaming, timing
from benchmarks.__main__ import PARTS, tables
from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.report import book, speed
from colorkit.report.speed import KINDS, plots, speeds
from colorkit.system.errors import ColorkitError

ROOT = Path(__file__).parents[2]
RESULTS = {
    "machine": {
        "cores": 2,
        "threads": 2,
        "processor": "avx2",
        "memory_gb": 8,
        "torch": "2",
        "product_gflops": {"float32": 100},
    },
    "parts": {
        "a": {
            "date": "2026-01-02",
            "others": 0.06,
            "rows": [timing.row("step | size", "images/s", 2.0, "≥ 1", share=0.5, met=True)],
            "series": [
                {"id": "x", "caption": "c", "x": "n", "y": "s", "lines": {"a": [[1, 2], [10, 3]]}}
            ],
        },
        "b": {
            "date": "2026-01-01",
            "others": 0.05,
            "tables": [{"id": "t", "caption": "c", "columns": ["a"], "rows": [["b"]]}],
            "shares": {"step": {"x": 0.75, "other": 0.25}},
        },
    },
}


def test_the_default_model_without_compiled_passes_is_the_same_network():
    ours, plain = encoder.network(), encoder.plain(encoder.network())
    for kind in (encoder.Depthwise, encoder.Layers):
        assert any(isinstance(m, kind) for m in ours.modules())
        assert not any(isinstance(m, kind) for m in plain.modules())
    x = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-4, atol=1e-4)


def test_the_plain_network_is_the_papers():
    plain, ours = baseline.PlainNet(10), ColorNet(10, preset="paper")
    assert parameter_count(plain) == parameter_count(ours)
    # The same weights, taken over part by part in the order of the layers, give the same result.
    parts = ("low", "mid", "global_conv", "global_fc", "global_last", "fusion", "color")
    same = ("low", "mid", "global_conv", "global_class", "global_fuse", "fusion", "color")
    for theirs, name in zip((*parts, "classifier"), (*same, "classifier"), strict=True):
        values = list(getattr(ours, name).state_dict().values())
        keys = list(getattr(plain, theirs).state_dict())
        getattr(plain, theirs).load_state_dict(dict(zip(keys, values, strict=True)))
    x = torch.rand(1, 1, 224, 224)
    with torch.inference_mode():
        a, b = plain.eval()(x), ours.eval()(x)
    assert torch.allclose(a[0], b[0], atol=1e-5) and torch.allclose(a[1], b[1], atol=1e-4)


def test_the_plain_images_are_lab_of_crops(tmp_path):
    from PIL import Image
    from skimage.color import lab2rgb

    Image.new("RGB", (40, 30), (200, 120, 40)).save(tmp_path / "a.png")
    gray, ab, _ = baseline.PlainImages([tmp_path / "a.png"], 24)[0]
    assert gray.shape == (1, 24, 24) and ab.shape == (2, 24, 24)
    a, b = (ab[:, 0, 0] * 255 - 128).tolist()
    assert abs(lab2rgb([[[57.8, a, b]]])[0, 0] * 255 - [200, 120, 40]).max() < 3


def test_works_are_timed_in_turn_after_one_turn_to_warm_up(monkeypatch):
    order = []
    works = {name: (lambda n=name: order.append(n)) for name in "ab"}
    monkeypatch.setattr(timing, "QUIET", float("inf"))
    times = timing.alternate(works, 3)
    assert order == list("abababab")
    assert {name: len(t) for name, t in times.items()} == {"a": 3, "b": 3}
    assert timing.median_ratio([2.0, 8.0, 3.0], [1.0, 2.0, 3.0]) == 2.0


def test_streams_take_turns_and_count_their_images(monkeypatch):
    order, clock = [], iter(range(1000))
    monkeypatch.setattr(timing.time, "process_time", lambda: 1e-6 * next(clock))

    def stream(name, batch):
        while True:
            order.append(name)
            yield batch

    found = timing.in_turns({1: stream("a", 10), 2: stream("b", 5)}, 2, 10)
    assert "".join(order) == "ab" + 2 * "abb"
    assert found == pytest.approx({1: 2 / 20, 2: 2 / 20})  # a tick a turn


def test_places365_follows_from_measured_rates_and_says_what_is_not_measured(monkeypatch):
    measured = {"cpu": {"training": {"rows": [{"ours": 10.0}]}}}
    monkeypatch.setattr(streaming, "_kept", lambda kind: measured.get(kind, {}))
    (table,) = streaming.places(2000.0, images=360_000)
    rows = {row[0]: row[1:] for row in table["rows"]}
    assert rows["8 × CPU, measured"] == pytest.approx([80, 0.04, 1.25, 11 * 1.25 / 24])
    assert rows["GPU, measured"] == ["not measured"] * 4
    assert rows["64 × P100 of 2016, published"][0] == 3200


def test_the_benchmark_of_the_report_runs_it_in_a_copy_twice(monkeypatch):
    calls = []

    def run(command, cwd, env, **_):
        calls.append((command[3:], (Path(cwd) / "notebooks" / "profiles").is_dir()))
        assert env["PYTHONPATH"] == str(cwd) and not (Path(cwd) / "runs").exists()

    monkeypatch.setattr(program.subprocess, "run", run)
    first, again = program.report()["rows"]
    assert calls == [(["report", "--profile", "smoke"], True)] * 2
    assert first["met"] and again["met"] and 0 <= again["ours"] < 10


def test_a_line_is_told_from_a_curve():
    assert network._from_line({k: 3.0 + 2.0 * k for k in (1, 10, 100)}) < 1e-6
    assert network._from_line({k: 1e-6 * k**2 for k in (1, 10, 100)}) > 0.1


def test_every_result_finds_its_place_on_the_page(tmp_path):
    (tmp_path / "bench-cpu.json").write_text(json.dumps(RESULTS))
    cpu, amx, gpu = found = speeds(tmp_path)
    assert [each["title"] for each in found] == list(KINDS.values())
    assert all(each["machine"] is None and not each["rows"] for each in (amx, gpu))
    assert cpu["disturbed"] == ["a"] and cpu["date"] == "2026-01-02"
    assert [r["ours"] for r in cpu["rows"]] == [2.0] and cpu["tables"][0]["rows"] == [["b"]]
    drawn = plots(found)
    assert set(drawn) == {"bench-cpu-x.svg", "bench-cpu-profile-0.svg"}
    assert all(b"<svg" in data for data in drawn.values())
    assert drawn == plots(found)  # equal results, equal files
    assert len(tables(RESULTS["parts"], {"a", "b"})) == 3
    page = book._templates(ROOT / "report").get_template("speed.md").render(speeds=found)
    assert r"| step \| size | 2 images\/s | – | – | 50 % | ≥ 1 | ✔ |" in page
    assert "Other programs were running during a." in page
    assert "## GPU\n\nNot measured here" in page
    assert all(f"figures/{name}" in page for name in drawn)


def test_plots_begin_at_nothing_and_leave_room_above():
    series = {"x": "n", "y": "s", "lines": {"a": [[1, 2], [10, 3]], "b": [[1, 0], [10, 1]]}}
    (axes,) = speed._curve(series).axes
    assert axes.get_ylim() == pytest.approx((0, 3.3)) and axes.get_legend() is not None
    assert axes.get_xticks().tolist() == [1, 10]
    (axes,) = speed._curve(series | {"lines": {"a": [[1, 0], [2, 0]]}}).axes
    assert axes.get_ylim() == (0, 1) and axes.get_legend() is None
    (axes,) = speed._bars("step", {"x": 0.75, "other": 0.25}).axes
    assert [bar.get_width() for bar in axes.patches] == [25, 75]
    assert axes.get_xlim() == pytest.approx((0, 86.25))


@pytest.mark.parametrize("text", ["{", '{"machine": {}}', '{"parts": []}'])
def test_damaged_results_are_one_sentence(tmp_path, text):
    (tmp_path / "bench-cpu.json").write_text(text)
    with pytest.raises(ColorkitError, match=r"bench-cpu\.json cannot be read .*run make bench"):
        speeds(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_results_of_record_are_of_parts_that_exist_and_name_no_place(kind):
    path = ROOT / "figures" / f"bench-{kind}.json"
    if not path.exists():
        pytest.skip("not measured")
    found = json.loads(path.read_text())
    assert set(found["parts"]) <= set(PARTS)
    assert "/" not in json.dumps(found["machine"])
    assert ("amx" in found["machine"]["processor"]) == (kind == "cpu-amx")
