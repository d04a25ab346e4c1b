"""``workbench restore``: verify a backup and lay it out as a new workspace."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.reporting import existing_file, progress
from workbench.context import Context
from workbench.messages import text
from workbench.moments import moment_words


@click.command()
@click.argument("archive", type=existing_file)
@click.option("--check", is_flag=True, help="只核验，不恢复 / verify only")
@click.option(
    "--locked", is_flag=True, help="备份有口令，届时输入 / it has a passphrase, asked for"
)
@click.pass_obj
def command(context: Context, archive: Path, check: bool, locked: bool) -> None:
    """恢复：先核验备份，再放进新的工作区文件夹。 / Verify a backup, then restore it."""
    from workbench.services.restoring import check_backup, restore

    phrase = click.prompt(text("backup.ask"), hide_input=True) if locked else None
    with progress(text("backup.checking")) as advance:
        if check:
            found = check_backup(archive, phrase, advance)
        else:
            found = restore(archive, context.folder, context.act(), phrase, advance)
    click.echo(
        text(
            "backup.whole",
            file=archive.name,
            round=found.round_name,
            place=found.place,
            at=moment_words(found.made_at),
            members=found.members,
            entries=sum(found.ledgers.values()),
            ledgers=len(found.ledgers),
        )
    )
    if not check:
        click.echo(text("backup.restored", folder=str(found.folder)))
        click.echo(text("backup.bring_keys", files=text("backup.and").join(found.missing_keys)))
        click.echo(text("backup.rolled_back"))
