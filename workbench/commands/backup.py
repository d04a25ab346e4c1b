"""``workbench backup``: everything of a workspace but its private keys, in one file."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.reporting import progress
from workbench.context import Context
from workbench.messages import text


@click.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--locked", is_flag=True, help="用口令加密，届时输入 / encrypt with a passphrase")
@click.pass_obj
def command(context: Context, target: Path, locked: bool) -> None:
    """备份：写成一个文件，不含私钥；可加密。 / Back up to one file, without private keys."""
    from workbench.services.backup import make_backup

    phrase = None
    if locked:
        phrase = click.prompt(text("backup.ask"), hide_input=True, confirmation_prompt=True)
    with progress(text("backup.packing")) as advance:
        made = make_backup(context.workspace(), target, context.act(), phrase, advance)
    click.echo(
        text(
            "backup.made",
            file=str(made.path),
            members=made.members,
            mib=f"{made.content_bytes / 2**20:.1f}",
            sha256=made.sha256,
        )
    )
    click.echo(text("backup.keys_apart", folder=str(context.folder / "keys")))
