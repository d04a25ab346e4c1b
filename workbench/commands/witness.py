"""``workbench witness``: the county holds the last head of each ledger and cosigns what continues it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import (
    existing_file,
    folder,
    new_file,
    print_columns,
)
from workbench.context import Context
from workbench.messages import text
from workbench.moments import moment_words

if TYPE_CHECKING:
    from workbench.services.witness import Answer

_HELD = ("origin", "size", "at", "refused")
_state = click.option(
    "--state",
    type=folder,
    envvar="WORKBENCH_WITNESS",
    default=Path("witness"),
    show_default=True,
    help="见证文件夹，另一台机器上 / folder of the witness, on another machine",
)
_locked = click.option(
    "--locked", is_flag=True, help="密钥用口令保护，届时输入 / the key has a passphrase, asked for"
)


@click.group()
def command() -> None:
    """见证：县里保存各台账的检查点，只给前后一致的加签。 / Witness the ledgers of the schools."""


@command.command()
@_state
@click.option("--name", required=True, help="见证方名称，如 county.example/witness / its name")
@_locked
@click.pass_obj
def init(context: Context, state: Path, name: str, locked: bool) -> None:
    """建立见证文件夹和密钥。 / Set up a witness with a key of its own."""
    from workbench.services.witness import set_up

    phrase = _ask(confirm=True) if locked else None
    click.echo(text("witness.made", key=set_up(state, name, context.fresh, phrase)))


@command.command()
@click.argument("keys", nargs=-1, required=True, type=existing_file)
@_state
def add(keys: tuple[Path, ...], state: Path) -> None:
    """登记学校台账的公钥；请先与学校核对。 / Take in the public keys of ledgers."""
    from workbench.services.trust import keys_of_file
    from workbench.services.witness import admit

    for origin in admit(state, [key for path in keys for key in keys_of_file(path)]):
        click.echo(text("witness.added", origin=origin))


@command.command()
@click.argument("files", nargs=-1, required=True, type=existing_file)
@click.option("--out", required=True, type=folder, help="加签后写到哪个文件夹 / for the answers")
@_state
@_locked
@json_option
@click.pass_context
def cosign(
    ctx: click.Context,
    files: tuple[Path, ...],
    out: Path,
    state: Path,
    locked: bool,
    as_json: bool,
) -> None:
    """核对并加签学校送来的请求；不一致的留作证据。 / Cosign requests; refuse forks and rollbacks."""
    from workbench.services.witness import answer

    context: Context = ctx.obj
    phrase = _ask() if locked else None
    made = answer(state, files, out, context.now(), phrase)
    if as_json:
        print_json([_plain(each) for each in made])
    else:
        for each in made:
            _say(each)
    ctx.exit(1 if any(each.code for each in made) else 0)


@command.command()
@_state
@json_option
@click.pass_context
def status(ctx: click.Context, state: Path, as_json: bool) -> None:
    """各台账见证到哪里；有没有被拒的。 / What was seen of each ledger, and what was refused."""
    from workbench.services.witness import status as held

    found = held(state)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        rows = [
            {**asdict(each), "at": moment_words(each.at), "refused": len(each.refused)}
            for each in found
        ]
        print_columns(_HELD, rows)
    ctx.exit(1 if any(each.refused for each in found) else 0)


@command.command("state")
@click.argument("action", type=click.Choice(["revoke", "continue"]))
@click.argument("origin")
@click.argument("key", type=existing_file)
@click.option(
    "--out", required=True, type=new_file, help="声明写到哪个文件 / file of the statement"
)
@_state
@_locked
def state_(action: str, origin: str, key: Path, out: Path, state: Path, locked: bool) -> None:
    """县里签发声明：某台账的密钥吊销，或由新密钥续立。 / State that a key is revoked or continued."""
    from workbench.services.trust import keys_of_file
    from workbench.services.witness import state as stated

    note = stated(state, action, origin, keys_of_file(key)[0], _ask() if locked else None)
    out.write_text(note, encoding="utf-8", newline="")
    click.echo(text("witness.stated", origin=origin, file=out))


def _say(each: Answer) -> None:
    key = "witness.refused" if each.code else "witness.cosigned"
    told = {"origin": each.origin, "size": each.size, "sentence": each.sentence}
    click.echo(text(key, file=each.file.name, **told))
    if each.written:
        click.echo("  " + str(each.written))


def _plain(each: Answer) -> dict[str, Any]:
    return {
        **asdict(each),
        "file": str(each.file),
        "written": str(each.written) if each.written else None,
    }


def _ask(*, confirm: bool = False) -> str:
    phrase: str = click.prompt(
        text("witness.passphrase"), hide_input=True, confirmation_prompt=confirm
    )
    return phrase
