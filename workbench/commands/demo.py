"""``workbench demo``: the whole journey on the sample evidence, and what it came to."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from workbench.commands.printing import console, print_table
from workbench.commands.serve import print_demo_accounts, run_server
from workbench.context import Context
from workbench.messages import language, text
from workbench.services.demo import Outcome, run_demo

_SAMPLES = Path(__file__).resolve().parents[2] / "sample_evidence" / "county"


@click.command()
@click.option("--samples", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--serve/--no-serve",
    default=None,
    help="完成后打开网页；在终端里默认打开 / open the app afterwards; the default in a terminal",
)
@click.option("--port", default=8501, show_default=True, type=click.IntRange(0, 65535))
@click.pass_obj
def command(context: Context, samples: Path | None, serve: bool | None, port: int) -> None:
    """走完示例县的全过程 / walk the whole journey on the sample county."""
    with _bars() as bars:
        tasks: dict[str, TaskID] = {}

        def progress(step: str, done: int, total: int) -> None:
            if step not in tasks:
                for earlier in tasks.values():
                    bars.update(earlier, completed=bars.tasks[earlier].total)
                tasks[step] = bars.add_task(text(f"demo.step.{step}"), total=total)
            bars.update(tasks[step], completed=done, total=total)

        outcome = run_demo(context.folder, samples or _SAMPLES, secrets.token_bytes, progress)
        for task in tasks.values():
            bars.update(task, completed=bars.tasks[task].total)
    _tell(outcome)
    if not outcome.verified:
        sys.exit(1)
    if sys.stdout.isatty() and not os.environ.get("CI") if serve is None else serve:
        print_demo_accounts(context)
        run_server(context, "127.0.0.1", port)


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())


def _tell(outcome: Outcome) -> None:
    _numbers(outcome)
    _found(outcome)
    _held(outcome)
    screen = console()
    screen.print(text("demo.sheets", folder=outcome.sheets))
    screen.print(text("demo.next", workspace=outcome.workspace.folder))


def _numbers(outcome: Outcome) -> None:
    rows = [
        (text(f"demo.row.{name}"), text(f"demo.value.{name}", **outcome.counts))
        for name in ("taken", "reads", "published", "county", "certified", "printed", "again")
    ]
    levels = "、".join(
        f"{text(f'demo.level.{name}')} {count}" for name, count in outcome.levels.items()
    )
    agreed = "" if outcome.agreement is None else f"{outcome.agreement:.0%}"
    sound = text("demo.verified" if outcome.verified else "demo.not_verified")
    rows += [
        (text("demo.row.levels"), levels),
        (text("demo.row.agreement"), agreed),
        (text("demo.row.verified"), sound),
    ]
    click.echo(text("demo.title", place=outcome.workspace.place))
    print_table([text("demo.column.step"), text("demo.column.outcome")], rows)


def _found(outcome: Outcome) -> None:
    rows = [
        (
            text(f"flag.{flag['code']}.name"),
            flag[f"sentence_{language()}"],
            text(f"demo.state.{flag['state']}"),
        )
        for flag in outcome.flags
    ]
    rows += [
        (text("demo.refused"), line["sentence"], text("demo.state.refused"))
        for line in outcome.refused
    ]
    rows += [
        (text(f"demo.waits.{row['reason']}"), row["sentence"], text("demo.state.waits"))
        for row in outcome.waiting
    ]
    click.echo(text("demo.found", count=len(rows)))
    print_table([text(f"demo.column.{name}") for name in ("what", "why", "state")], rows)


def _held(outcome: Outcome) -> None:
    rows = [
        (
            hold["hold_id"],
            "、".join(hold["submissions"]),
            text(f"flag.{hold['code']}.name"),
            hold["due_on"],
        )
        for hold in outcome.holds
        if hold["state"] == "open" and hold["submissions"]  # others ask and stop nothing
    ]
    click.echo(text("demo.held", count=len(rows)))
    print_table([text(f"demo.column.{name}") for name in ("hold", "whose", "why", "due")], rows)
