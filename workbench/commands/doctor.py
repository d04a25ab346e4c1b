"""``workbench doctor``: look the machine and the workspace over, and say what to do."""

from __future__ import annotations

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.context import Context
from workbench.messages import text
from workbench.moments import moment_words

_TIMES = ("now", "last", "at")
_SHOWN_AS = {
    "fine": "doctor.state.fine",
    "look": "doctor.state.look",
    "wrong": "doctor.state.wrong",
}


@click.command()
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """体检：数据库、磁盘、字体、时钟、密钥、LibreOffice、备份。 / Look everything over."""
    from workbench.services.doctor import examine

    context: Context = ctx.obj
    workspace = context.workspace() if context.has_workspace() else None
    rows = [
        {
            "code": check.code,
            "state": check.state,
            "found": text(f"doctor.{check.code}.{check.state}", **_said(check.values)),
            "remedy": ""
            if check.state == "fine"
            else text(f"doctor.{check.code}.remedy", **_said(check.values)),
        }
        for check in examine(workspace, context.now())
    ]
    wrong = sum(row["state"] == "wrong" for row in rows)
    if as_json:
        print_json(rows)
    else:
        shown = ([text(_SHOWN_AS[row["state"]]), row["found"], row["remedy"]] for row in rows)
        print_table([text(f"column.{name}") for name in ("state", "found", "remedy")], shown)
        look = sum(row["state"] == "look" for row in rows)
        said = text("doctor.count", wrong=wrong, look=look) if wrong or look else None
        click.echo(said or text("doctor.all_fine"))
        if workspace is None:
            click.echo(text("doctor.machine_only", folder=context.folder))
    ctx.exit(1 if wrong else 0)


def _said(values: dict[str, str]) -> dict[str, str]:
    """Values as people read them: times in China's."""
    return {k: moment_words(value) if k in _TIMES else value for k, value in values.items()}
