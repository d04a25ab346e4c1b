"""The command line: one entry point; each command is loaded only when it is called."""

from __future__ import annotations

import gettext
import importlib
import os
from pathlib import Path
from typing import Any, NoReturn

import click

from rubrics.errors import WorkbenchError
from workbench import messages
from workbench.context import Context

# command -> module under workbench.commands; the one-line help stands in locale/*/command.toml
COMMANDS = {
    "demo": "demo",
    "init": "init",
    "roster": "roster",
    "intake": "intake",
    "blind": "blind",
    "allocate": "allocate",
    "calibration": "calibration",
    "leaks": "leaks",
    "rate": "rate",
    "agreement": "agreement",
    "facets": "facets",
    "generalizability": "generalizability",
    "effects": "effects",
    "schools": "schools",
    "analyse": "analyse",
    "similarity": "similarity",
    "flags": "flags",
    "holds": "holds",
    "results": "results",
    "precedents": "precedents",
    "feedback": "feedback",
    "publicity": "publicity",
    "supervision": "supervision",
    "certify": "certify",
    "ledger": "ledger",
    "witness": "witness",
    "certificates": "certificates",
    "close": "close",
    "verify": "verify",
    "rubrics": "rubrics",
    "policies": "policies",
    "backup": "backup",
    "restore": "restore",
    "doctor": "doctor",
    "pii": "pii",
    "serve": "serve",
    "user": "user",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called, not before.

    Expected faults end as one sentence on standard error and exit status 2.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Set the language first, so that ``--help`` and faults of usage speak it too."""
        asked = _language_from(args)
        spoken = asked if asked in messages.LANGUAGES else messages.LANGUAGES[0]
        messages.use_language(spoken)
        _speak_of_usage(spoken)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; say an expected fault in the language of the run."""
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            click.echo(messages.explain(error), err=True)
            raise click.exceptions.Exit(2) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the commands in the order of the journey."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command and hand out its ``command``."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found: click.Command = importlib.import_module(f"workbench.commands.{module}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands from the locale, importing none of them."""
        with formatter.section(messages.text("command.heading")):
            formatter.write_dl([(name, messages.text(f"command.{name}")) for name in COMMANDS])


def _speak_of_usage(language: str) -> None:
    """Let click say usage and its faults in a language; it asks gettext, English being its own."""
    gettext.bindtextdomain("messages", str(Path(__file__).with_name("locale")))
    os.environ["LANGUAGE"] = language


def _language_from(arguments: list[str]) -> str:
    for place, word in enumerate(arguments):
        if word == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return os.environ.get("WORKBENCH_LANG", "zh")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="WORKBENCH_WORKSPACE",
    default=Path("workspace"),
    show_default=True,
    help="一个批次的文件夹 / folder of one round",
)
@click.option(
    "--lang", type=click.Choice(messages.LANGUAGES), envvar="WORKBENCH_LANG", default="zh"
)
@click.option("--as", "actor", default="", help="操作人 / who does it; required by every write")
@click.version_option(package_name="evidence-workbench")
@click.pass_context
def cli(ctx: click.Context, workspace: Path, lang: str, actor: str) -> None:
    """证据工作台：从教师提交的证据到县里站得住的结果。

    From the evidence teachers hand in to results a county can stand behind.
    """
    messages.use_language(lang)
    ctx.obj = Context(workspace, actor)


def end(error: BaseException) -> NoReturn:
    """End the process as click ends it: on an interrupt, on a reader that went away, on a bug."""

    def again() -> NoReturn:
        raise error

    _speak_of_usage(messages.language())
    click.Command(None, callback=again).main([], "workbench")
    raise error  # not reached: click has left


def main() -> None:
    """Run the command line."""
    # Its matrices are small: threads of linear algebra would cost several times the CPU.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cli(prog_name="workbench")
