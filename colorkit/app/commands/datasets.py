"""Data sets: fetched from their publishers, gathered of one's own, or packed into shards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from colorkit.app.commands import plain, say
from colorkit.system.errors import ColorkitError, one_line

app = typer.Typer()
data = typer.Typer(no_args_is_help=True, help="Data sets: fetch published ones, build your own.")
app.add_typer(data, name="data")


@data.command()
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

    from colorkit.data.curation.curate import MANIFEST
    from colorkit.data.curation.curate import build as make

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
        table.add_row(plain(label), *map(str, row))
    Console().print(table)
    for sentence in built.others:
        print(one_line(sentence) + ".")
    for fault in built.faults:
        say(fault)
    if built.faults:
        raise typer.Exit(1)


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(help="rgb-nir or places365.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Folder for it; data/NAME by default.")
    ] = None,
) -> None:
    """Download a published data set and unpack it, after saying on what terms it is given.

    Archives are compared with their checksums, where those are known, and with the first download
    otherwise. The same command goes on where it was stopped; archives brought by hand are taken.
    """
    from colorkit.data.download.sources import fetch_set, find_set

    found, out = find_set(name), out or Path("data", name)
    for told in (found.title, found.terms, found.page):
        print(told, flush=True)
    with _download_bars() as bars:
        for path in fetch_set(name, out, bars):
            print(f"{path} is there", flush=True)


@contextmanager
def _download_bars() -> Iterator[Callable | None]:
    """Give what makes a bar for each archive, where standard error is a terminal."""
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress:

        def start(file: str) -> Callable[[int, int], None]:
            bar = progress.add_task(file, total=None)
            return lambda done, total: progress.update(bar, completed=done, total=total or None)

        yield start


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
    from colorkit.data.shards.packing import pack
    from colorkit.data.shards.tar_files import Shards

    if profile:
        from colorkit.course.networks import list_profile
        from colorkit.course.profile import load_profile

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
