"""``workbench allocate``: who reads what, checked before anybody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.context import Context
from workbench.errors import InputError
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.allocation import Proof
    from workbench.services.assignments import Prepared
    from workbench.services.workspace import Workspace

_COLUMNS = ("rater", "held", "new", "load", "share", "se", "hours", "network")
_MOST_SHOWN = 20


@click.command()
@click.option("--check", is_flag=True, help="只预检，不写入 / plan and check, write nothing")
@click.option("--seed", required=True, help="随机种子，决定搭配和顺序 / of pairs and orders")
@click.option(
    "--relax",
    multiple=True,
    type=click.Choice(["own_group", "county"]),
    help="人手不足时放宽的规则，须有理由 / set aside where readers lack, with --reason",
)
@click.option(
    "--reason", default="", help="放宽或退出的理由 / why a rule is set aside or one leaves"
)
@click.option(
    "--share", "shares", multiple=True, help="工作量，如 PS01=50 / per cent of a full load"
)
@click.option("--most", "limits", multiple=True, help="件数上限，如 PS01=40 / most pieces")
@click.option(
    "--drop", default="", help="退出的评审员，未评的改派 / who leaves; unread work moves on"
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    check: bool,
    seed: str,
    relax: tuple[str, ...],
    reason: str,
    shares: tuple[str, ...],
    limits: tuple[str, ...],
    drop: str,
    as_json: bool,
) -> None:
    """分派：回避、均衡、连通，先预检后分派。 / Plan the blind reads, check them, give them out."""
    from workbench.services.allocation import prove
    from workbench.services.assignments import allocate_reads

    if check and (shares or limits or drop):
        raise click.UsageError(text("allocate.check_writes_nothing"), ctx)
    context: Context = ctx.obj
    workspace = context.workspace()
    if shares or limits:
        _terms(context, workspace, shares, limits, quiet=as_json)
    if drop:
        _drop(context, workspace, drop, seed, reason, as_json=as_json)
        return
    proof = prove(workspace, seed, relax)
    if not check:
        allocate_reads(workspace, seed, context.act(reason), relax)
    if as_json:
        print_json(proof.as_json())
    else:
        _print(proof, check=check)
    ctx.exit(0 if proof.made.sound else 1)


def _terms(
    context: Context,
    workspace: Workspace,
    shares: tuple[str, ...],
    limits: tuple[str, ...],
    *,
    quiet: bool,
) -> None:
    from workbench.services.reading_terms import OneTerms, set_terms, terms_now

    share, most = _numbers(shares, "--share"), _numbers(limits, "--most")
    now = terms_now(workspace)
    terms = []
    for person in sorted({*share, *most}):
        own = now.get(person, OneTerms(person, 100))
        terms.append(OneTerms(person, share.get(person, own.share), most.get(person, own.most)))
    count = set_terms(workspace, terms, context.act())
    if not quiet:
        click.echo(text("allocate.terms_saved", count=count))


def _numbers(given: tuple[str, ...], option: str) -> dict[str, int]:
    found = {}
    for words in given:
        person, _, number = words.rpartition("=")
        if not person or not number.isdecimal():
            raise InputError(
                f"{option} {words}: give an identifier, = and a whole number, as in PS01=50.",
                key="allocation.number",
                option=option,
                came=words,
            )
        found[person] = int(number)
    return found


def _drop(
    context: Context, workspace: Workspace, person: str, seed: str, reason: str, *, as_json: bool
) -> None:
    from workbench.services.reading_terms import drop_reader

    made = drop_reader(workspace, person, seed, context.act(reason))
    if as_json:
        told = {
            "released": made.released,
            "again": made.again,
            "short": made.short,
            "kept": made.kept,
        }
        print_json({"rater": person, **told})
        return
    counts = {
        "released": len(made.released),
        "again": len(made.again),
        "short": len(made.short),
        "kept": len(made.kept),
    }
    click.echo(text("allocate.dropped", rater=person, **counts))


def _print(proof: Proof, *, check: bool) -> None:
    made = proof.made
    rows = [
        {**plain, "share": f"{plain['share']:.0%}", "se": plain["se"] or ""}
        for plain in proof.as_json()["raters"]
    ]
    headings = [text(f"allocate.column.{name}") for name in _COLUMNS]
    print_table(headings, ([row[name] or "" for name in _COLUMNS] for row in rows))
    key = "allocate.planned" if check else "allocate.given_out"
    click.echo(text(key, pieces=len(made.rounds), reads=made.reads))
    for reason, count in made.left_out.items():
        click.echo(text("allocate.left_out", count=count, reason=text(f"reason_none.{reason}")))
    if made.set_aside and not check:
        click.echo(text("allocate.set_aside", count=len(made.set_aside)))
    _print_networks(made)
    _print_proof(proof)
    _print_short(proof)


def _print_networks(made: Prepared) -> None:
    if made.plan.connected:
        click.echo(text("allocate.connected"))
        return
    click.echo(text("allocate.apart", count=len(made.plan.networks)))
    for number, names in enumerate(made.plan.networks, 1):
        click.echo(text("allocate.network", number=number, raters="、".join(names)))
    if not made.plan.links:
        click.echo(text("allocate.links_none"))
        return
    click.echo(text("allocate.links", count=len(made.plan.links)))
    for piece, rater in made.plan.links[:_MOST_SHOWN]:
        click.echo(text("allocate.link", rater=rater, piece=piece))


def _print_proof(proof: Proof) -> None:
    errors = [row.se for row in proof.raters if row.se is not None]
    if errors:
        least, most = f"{min(errors):.2f}", f"{max(errors):.2f}"
        shown = least if least == most else f"{least}–{most}"
        click.echo(text("allocate.errors", range=shown))
    if len(proof.schools) > 1:
        yes = sum(each.comparable for each in proof.schools)
        no = len(proof.schools) - yes
        click.echo(text("allocate.schools", yes=yes, no=no, most=proof.most_se))
    if proof.barred:
        why = text("allocate.joint").join(
            text(f"allocate.pairs.{cause}", count=n) for cause, n in proof.barred.items()
        )
        click.echo(text("allocate.barred_total", count=sum(proof.barred.values()), why=why))
    if count := len({piece for piece, _ in proof.made.extra}):
        click.echo(text("allocate.validated", count=count))
    if proof.seeds_due:
        few = proof.seeds < proof.seeds_due
        seeds = {"count": proof.seeds, "due": proof.seeds_due}
        click.echo(text("allocate.seeds_few" if few else "allocate.seeds", **seeds))
    outlook = proof.outlook
    told = {
        "third": f"{outlook.work.third_reads:.0f}",
        "hours": f"{outlook.work.hours:.1f}",
        "minutes": f"{outlook.minutes:.1f}",
        "share": f"{outlook.third_share:.0%}",
    }
    click.echo(text("allocate.forecast", **told))
    staff = proof.staff
    people = {"borrow": staff.borrow, "all": staff.borrow_for_third}
    click.echo(text("allocate.staff", now=staff.now, most=staff.most_a_piece, **people))


def _print_short(proof: Proof) -> None:
    made = proof.made
    if not made.short:
        aside = len(made.set_aside)
        click.echo(text("allocate.set_aside_whole" if aside else "allocate.whole", count=aside))
        return
    click.echo(text("allocate.short", count=len(made.short)))
    for each in made.short[:_MOST_SHOWN]:
        joint = text("allocate.joint")
        why = joint.join(
            text(f"allocate.barred.{cause}", count=count) for cause, count in each.barred.items()
        )
        told = {"piece": each.piece_id, "needed": each.needed, "eligible": each.eligible}
        click.echo(text("allocate.short_piece", why=why, **told))
    click.echo(text("allocate.ways"))
    if proof.staff.borrow:
        click.echo(text("allocate.way_borrow", count=proof.staff.borrow))
    for way in proof.ways_out:
        click.echo(text(f"allocate.way_{way.rule}", reads=way.reads, left=way.short_left))
