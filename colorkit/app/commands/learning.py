"""The course: its report, its trainings, and the models in the box."""

from typing import Annotated

import typer

from colorkit.app.commands import DataOption, ProfileOption, SeedOption, say
from colorkit.system.errors import ColorkitError

app = typer.Typer()


@app.command()
def report(
    profile: ProfileOption = "smoke",
    only: Annotated[
        list[str] | None, typer.Option(help="Chapters by the start of their name; repeatable.")
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    data: DataOption = "",
    seed: SeedOption = 0,
    jobs: Annotated[
        int, typer.Option(min=0, help="Chapters at a time; 0 as many as the cores can do.")
    ] = 0,
    record: Annotated[
        bool, typer.Option(help="Keep this run's numbers and plots as those of record.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="List the trainings to be made, with minutes; make none.")
    ] = False,
) -> None:
    """Run the chapters and write report/_build/html/index.html."""
    from colorkit.report.build import run_report

    if more and not only:
        raise ColorkitError(f"unexpected {' '.join(more)}; name chapters with --only")
    if plan:
        from colorkit.report.plan import plan_report, print_plan

        print_plan(plan_report(profile, data, seed, [*(only or []), *(more or [])]))
        return
    outcomes = run_report(profile, [*(only or []), *(more or [])], data, seed, jobs)
    if any(o.state in ("failed", "skipped") for o in outcomes):
        raise typer.Exit(1)
    if record:
        from colorkit.report.record import keep_record

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
    from colorkit.course.profile import load_profile
    from colorkit.system.devices import is_first_process

    known = load_profile(profile, data).networks
    if network not in known:
        raise ColorkitError(f"no network {network!r} in {profile}; it has {', '.join(known)}")
    from colorkit.course.networks import Course

    loggers = [_wandb(wandb, network)] if wandb else None
    course = Course(profile, seed, data, devices, num_nodes)
    run = course.train(network, loggers=loggers)
    if not is_first_process():
        return
    print(f"{network}: best epoch {run.best_epoch}, validation chroma loss {run.error:.5f}")
    print(f"weights in {run.weights}")


def _wandb(project: str, name: str):
    from lightning.pytorch.loggers import WandbLogger

    try:
        return WandbLogger(project=project, name=name)
    except ModuleNotFoundError as error:
        raise ColorkitError(
            "Weights & Biases is not installed; run `pip install wandb` or leave --wandb out"
        ) from error


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
    from colorkit.studies.gans.parallel import run_sweep

    if more and not only:
        raise ColorkitError(f"unexpected {' '.join(more)}; name trainings with --only")
    failed = False
    for outcome in run_sweep(profile, [*(only or []), *(more or [])], data, seed, jobs):
        if outcome.fault:
            failed = True
            say(f"{outcome.name}: {outcome.fault.rstrip('.')}")
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
def pretrain(
    model: Annotated[str, typer.Argument(help="A model of the box, such as faithful.")],
    data: Annotated[str, typer.Option(help="Folder of data sets, each with its splits.")],
) -> None:
    """Train a model of the box anew, measure it, and put it into the box."""
    from colorkit.studies.comparison.pretraining import pretrain as make

    print(f"wrote {make(model, data)}")
