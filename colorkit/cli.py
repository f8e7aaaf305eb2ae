"""The command line: `colorkit colorize`, `colorkit models`, `colorkit report`, `colorkit train`.

A fault a person can mend ends in one sentence on standard error and status 2. Libraries are
imported by the command that needs them, so that `--help` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from colorkit.errors import ColorkitError, one_line
from colorkit.files import REMEDIES, write_fault

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A course and report on automatic image colorization that runs.",
)
data_app = typer.Typer(no_args_is_help=True, help="Data sets of your own.")
app.add_typer(data_app, name="data")

ProfileOption = Annotated[
    str, typer.Option(help="smoke, photos, places365, or the path of a YAML file.")
]
DataOption = Annotated[str, typer.Option(help="Folder of photographs; the profile's by default.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of every training.")]


@app.command()
def colorize(
    photographs: Annotated[
        list[str],
        typer.Argument(help="Files, folders, or patterns such as 'holiday/*.jpg'; videos too."),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the results, or one result's file name."),
    ],
    model: Annotated[
        str, typer.Option(help="A name `colorkit models` lists, or a .safetensors file.")
    ] = "",
    saturation: Annotated[
        float, typer.Option(min=0, max=10, help="Factor on the colors; 0 is gray.")
    ] = 1.0,
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,COLOR",
            help="A color at a place of the one photograph, such as 120,80,skyblue; repeatable.",
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Measure results against color originals; flicker.")
    ] = False,
    beside: Annotated[
        Path | None, typer.Option(help="Folder for original, gray and result of photographs.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger photographs and frames undecoded.")
    ] = 200_000_000,
) -> None:
    """Colorize photographs and videos. Results keep name, format and EXIF.

    Their pixels are sRGB of 8 bits a channel, with a profile that says so if the photograph had
    one. JPEG and WebP are written at quality 95, JPEG with colors at full resolution. Older results
    of the same name are replaced, photographs that were given never. Videos keep sound and times,
    as H.264 at CRF 18 in MP4, MOV or MKV; their colors are averaged over time along the motion.
    """
    from colorkit.photographs import colorize_files, find_photographs, plan

    found, missing = find_photographs(photographs, out)
    outcomes = plan(found, out, beside)
    options = {"compare": compare, "max_pixels": max_pixels}
    if hint:
        options["hints"] = _hints(hint, len(outcomes) + len(missing))

    def start(progress):
        return colorize_files(outcomes, model or None, saturation, progress=progress, **options)

    done = [*missing, *_with_progress(start, len(outcomes))]
    for outcome in done:
        for note in outcome.notes:
            print(one_line(f"{outcome.source}: {note}") + ".")
    if compare:
        _print_measures([outcome for outcome in done if outcome.measures])
    faults = [outcome.fault for outcome in done if outcome.fault]
    colored = len(done) - len(faults)
    print(one_line(f"{colored} colorized into {out}") + f"; {len(faults)} not." * bool(faults))
    for fault in faults:
        _say(fault)
    if faults:
        raise typer.Exit(1)


def _hints(texts: list[str], photographs: int) -> list[tuple]:
    if photographs != 1:
        raise ColorkitError(
            f"--hint belongs to one photograph and {photographs} are given; colorize it alone"
        )
    hints = [tuple(text.split(",", 2)) for text in texts]
    if wrong := next((text for text, h in zip(texts, hints, strict=True) if len(h) != 3), None):
        raise ColorkitError(f"--hint {wrong} is not X,Y,COLOR; write it like 120,80,skyblue")
    return hints


def _with_progress(start, total: int) -> list:
    """Go through the steps with a bar on standard error where that is a terminal.

    `start` begins them, given what to call after each frame of a video: it has its own bar.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    console, done = Console(stderr=True), []
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("colorizing", total=total)
        frames = bar.add_task("frames", visible=False)

        def progress(count: int, expected: int | None) -> None:
            bar.update(frames, completed=count, total=expected, visible=True)

        for outcome in start(progress):
            done.append(outcome)
            bar.advance(task)
            bar.update(frames, visible=False)
    return done


def _print_measures(outcomes: list) -> None:
    from rich.console import Console
    from rich.table import Table

    from colorkit.metrics import METRICS

    if not outcomes:
        return
    table = Table("photograph", title="Against the original, on copies of at most a megapixel")
    for name in outcomes[0].measures:
        metric = METRICS.get(name)
        unit = f" ({metric.unit})" if metric and metric.unit else ""
        table.add_column(f"{metric.name if metric else name}{unit}", justify="right")
    rows = [(one_line(Path(o.source).name), list(o.measures.values())) for o in outcomes]
    if len(rows) > 1:
        rows.append(("mean", [sum(v) / len(v) for v in zip(*(r[1] for r in rows), strict=True)]))
    for name, values in rows:
        table.add_row(_plain(name), *(f"{value:.2f}" for value in values))
    Console().print(table)


def _plain(text: str):
    from rich.text import Text

    return Text(text)  # square brackets of a name are no markup


@app.command()
def models(
    name: Annotated[str, typer.Argument(help="A name or a weights file; all in the box.")] = "",
) -> None:
    """List the models in the box with their cards; the first one is the default."""
    from colorkit import pretrained

    for each in [name] if name else pretrained.models():
        card = pretrained.card(each)
        print(f"{each}: {card.pop('description', 'no description')}")
        for key, value in card.items():
            if key not in ("format", "name", "identity"):
                print(f"  {key}: {_brief(value)}")


def _brief(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_brief(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_brief(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else one_line(value)


@app.command()
def report(
    profile: ProfileOption = "smoke",
    only: Annotated[
        list[str] | None, typer.Option(help="Chapters by the start of their name; repeatable.")
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    data: DataOption = "",
    seed: SeedOption = 0,
    record: Annotated[
        bool, typer.Option(help="Keep this run's numbers and plots as those of record.")
    ] = False,
) -> None:
    """Run the chapters and write report/_build/html/index.html."""
    from colorkit.report import run_report

    if more and not only:
        raise ColorkitError(f"unexpected {' '.join(more)}; name chapters with --only")
    outcomes = run_report(profile, [*(only or []), *(more or [])], data, seed)
    if any(o.state in ("failed", "skipped") for o in outcomes):
        raise typer.Exit(1)
    if record:
        from colorkit.record import keep_record

        keep_record(profile, data)


@app.command()
def train(
    network: Annotated[str, typer.Argument(help="A network of the profile, such as vegenet.")],
    profile: ProfileOption = "smoke",
    data: DataOption = "",
    seed: SeedOption = 0,
    devices: Annotated[int, typer.Option(min=1, help="Processes or GPUs on a machine.")] = 1,
    num_nodes: Annotated[int, typer.Option(min=1, help="Machines, under torchrun or SLURM.")] = 1,
    wandb: Annotated[str, typer.Option(help="Log to this Weights & Biases project too.")] = "",
) -> None:
    """Train one network, and those it starts from, or find it trained already."""
    from colorkit.devices import is_first_process
    from colorkit.profiles import load_profile

    known = load_profile(profile, data).networks
    if network not in known:
        raise ColorkitError(f"no network {network!r} in {profile}; it has {', '.join(known)}")
    from colorkit.course import Course

    loggers = [_wandb(wandb, network)] if wandb else None
    course = Course(profile, seed, data, devices, num_nodes)
    run = course.train(network, loggers=loggers)
    if not is_first_process():
        return
    print(f"{network}: best epoch {run.best_epoch}, validation chroma loss {run.error:.5f}")
    print(f"weights in {run.weights}")


@app.command(name="app")
def page(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8866,
    token: Annotated[bool, typer.Option(help="Ask visitors for the secret address.")] = True,
) -> None:
    """Colorize in the browser: drop a photograph, place hints, compare, download.

    Nothing is sent to other machines, and no photograph is written to disk. Only this machine can
    open the page, and only by the address printed, unless --host and --no-token say otherwise.
    """
    from colorkit.serve import serve

    serve(host, port, token)


@app.command()
def check() -> None:
    """Say whether this machine has what is needed: versions, device, disk, weights, data."""
    from colorkit.checkup import run

    raise typer.Exit(run())


@app.command()
def sweep(
    profile: ProfileOption = "smoke",
    only: Annotated[
        list[str] | None, typer.Option(help="Some of the trainings, by name; repeatable.")
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    data: DataOption = "",
    seed: SeedOption = 0,
    jobs: Annotated[
        int, typer.Option(min=0, help="Trainings at a time; 0 is one for each GPU.")
    ] = 0,
) -> None:
    """Train autoencoders and conditional GANs, all or some, but for those that are trained."""
    from colorkit.jobs import run_sweep

    if more and not only:
        raise ColorkitError(f"unexpected {' '.join(more)}; name trainings with --only")
    failed = False
    for outcome in run_sweep(profile, [*(only or []), *(more or [])], data, seed, jobs):
        if outcome.fault:
            failed = True
            _say(f"{outcome.name}: {outcome.fault.rstrip('.')}")
            continue
        run = outcome.run
        print(
            f"{outcome.name:18} best epoch {run.best_epoch:3}, validation loss {run.error:.5f}, "
            f"{run.history['seconds'].sum():.0f} s",
            flush=True,
        )
    if failed:
        raise typer.Exit(1)


@app.command()
def export(
    weights: Annotated[str, typer.Argument(help="A .safetensors weights file.")],
    out: Annotated[str, typer.Argument(help="The .onnx file to write.")],
    int8: Annotated[bool, typer.Option(help="Multiply in 8-bit integers.")] = False,
    images: Annotated[
        str, typer.Option(help="Folder of images for --int8; procedural scenes by default.")
    ] = "",
) -> None:
    """Write a colorizer as ONNX, for other programs and languages."""
    from colorkit.export import export_onnx

    print(f"wrote {export_onnx(weights, out, int8, images)}")


@app.command()
def shards(
    folder: Annotated[str, typer.Argument(help="Folder of photographs.")],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder for the shards.")],
    profile: Annotated[
        str, typer.Option(help="Take only the classes of this profile, and its kind of folder.")
    ] = "",
    size: Annotated[int, typer.Option(min=32, help="Side of the squares in pixels.")] = 256,
    per_shard: Annotated[int, typer.Option(min=1, help="Images a shard.")] = 1000,
) -> None:
    """Write photographs as tar files, for data that fit no machine; `train --data` reads them."""
    from colorkit.data.folders import list_images
    from colorkit.data.packing import pack
    from colorkit.data.shards import Shards

    if profile:
        from colorkit.course import list_profile
        from colorkit.profiles import load_profile

        entries, _ = list_profile(load_profile(profile, folder))
    else:
        entries = list_images(folder)
    found = Shards(pack(entries, out, size, per_shard, progress=_count_shards))
    print(
        f"{len(found)} training images of {len(found.classes)} classes in {len(found.paths)} shards"
    )
    print(f"in {out}, those of validation and test in folders beside them")


def _count_shards(done: int, total: int) -> None:
    if done * 10 // total > (done - 1) * 10 // total:
        print(f"shards: {done} of {total}")


@app.command()
def pretrain(
    model: Annotated[str, typer.Argument(help="A model of the box, such as faithful.")],
    data: Annotated[str, typer.Option(help="Folder of data sets, each with its splits.")],
) -> None:
    """Train a model of the box anew, measure it, and put it into the box."""
    from colorkit.pretraining import pretrain as make

    print(f"wrote {make(model, data)}")


@data_app.command()
def build(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of photographs and videos, and videos; each is a class."),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the data set.")] = ...,
    flickr: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Search Flickr for this; a class too; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=4000, help="Photographs of a search.")] = 500,
    side: Annotated[int, typer.Option(min=32, help="Scale down to this shorter side.")] = 512,
    min_side: Annotated[int, typer.Option(min=1, help="Drop what is smaller.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the splits.")] = 0,
) -> None:
    """Build a data set: train, val and test folders of pictures worth training on.

    Of a video the pictures at scene changes are taken. Gray, tiny, blurred and nearly equal ones
    are dropped; pictures of one shot share a split. manifest.jsonl has the source, license and
    author of each. The same command goes on where it was stopped, and takes more sources.

    Flickr wants a key, in the environment variable FLICKR_API_KEY. Only photographs whose license
    allows changed copies are looked for.
    """
    from rich.console import Console
    from rich.table import Table

    from colorkit.data.curate import MANIFEST
    from colorkit.data.curate import build as make

    if not (sources or flickr):
        raise ColorkitError("give folders, videos or --flickr TEXT")
    with Console(stderr=True).status("") as status:
        built = make(
            sources or [],
            out,
            searches=flickr or [],
            side=side,
            min_side=min_side,
            limit=limit,
            seed=seed,
            progress=lambda label, count: status.update(f"{one_line(label)}: {count}"),
        )
    counts = built.table()
    table = Table("class", *counts.columns, title=f"Pictures kept and dropped; see {MANIFEST}")
    for label, row in [*counts.iterrows(), ("all", counts.sum())]:
        table.add_row(_plain(label), *map(str, row))
    Console().print(table)
    for fault in built.faults:
        _say(fault)
    if built.faults:
        raise typer.Exit(1)


def _wandb(project: str, name: str):
    from lightning.pytorch.loggers import WandbLogger

    try:
        return WandbLogger(project=project, name=name)
    except ModuleNotFoundError as error:
        raise ColorkitError(
            "Weights & Biases is not installed; run `pip install wandb` or leave --wandb out"
        ) from error


def main() -> None:
    """Run the command line; faults become one sentence and a status."""
    try:
        status = app(standalone_mode=False)
    except (ColorkitError, TyperException) as error:
        told = error.format_message() if hasattr(error, "format_message") else str(error)
        status = 2 if told else 0  # asking for help by giving no arguments is no fault
        _say(told)
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        _say(str(write_fault(Path(error.filename or "."), error)))
        status = 2
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    if status == 130:  # Typer turns Ctrl-C into this status too
        anew = "results already written stay, and the same command starts over"
        colorizing = sys.argv[1:2] == ["colorize"]
        _say(f"stopped; {anew if colorizing else 'the same command goes on where it was'}")
    sys.exit(status if isinstance(status, int) else 0)


def _say(told: str) -> None:
    if told:
        print(f"colorkit: {one_line(told)}.", file=sys.stderr)
