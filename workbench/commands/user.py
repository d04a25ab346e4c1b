"""``workbench user``: who may sign in, and as what."""

from __future__ import annotations

import sys

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.context import Context
from workbench.messages import text
from workbench.services import accounts
from workbench.services.accounts import draw_password
from workbench.services.roles import ROLES

_roles = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    help="角色，可多次给出 / may be given several times",
)
_draw = click.option("--draw", is_flag=True, help="随机生成并显示 / draw one and show it")
_COLUMNS = ("person_id", "name", "school", "department", "roles", "password_at", "sessions")


@click.group()
def command() -> None:
    """账号：添加人员，设密码，改角色，结束登录。 / People who may sign in."""


@command.command()
@click.argument("name")
@_roles
@click.option(
    "--id", "person_id", default="", help="编号，默认自动 / identifier, drawn if left out"
)
@click.option(
    "--school", default="", help="学校全称；县级人员不填 / full name; none for the county"
)
@click.option("--department", default="", help="部门或教研组 / department")
@click.pass_obj
def add(
    context: Context,
    name: str,
    roles: tuple[str, ...],
    person_id: str,
    school: str,
    department: str,
) -> None:
    """添加一个人，密码另设。 / Enter somebody; the password is set apart."""
    made = accounts.add_user(
        context.workspace(),
        name,
        roles,
        context.act(),
        context.fresh,
        person_id=person_id,
        school=school,
        department=department,
    )
    click.echo(text("user.added", name=name, person=made))


@command.command()
@click.argument("person_id")
@_draw
@click.pass_obj
def password(context: Context, person_id: str, draw: bool) -> None:
    """设密码：提示输入，或从标准输入读一行。 / Set a password: asked for, or one line of input."""
    act = context.act()
    chosen = draw_password(context.fresh) if draw else _asked()
    own = accounts.set_password(context.workspace(), person_id, chosen, act)
    click.echo(text("user.own_password_set" if own else "user.password_set", person=person_id))
    if draw:
        click.echo(text("user.drawn", password=chosen))


@command.command()
@click.argument("person_id")
@_roles
@click.pass_obj
def roles(context: Context, person_id: str, roles: tuple[str, ...]) -> None:
    """改角色；一个也不给即停用账号。 / Replace the roles; none closes the account."""
    accounts.set_roles(context.workspace(), person_id, roles, context.act())
    held = "、".join(text(f"role.{role}") for role in roles)
    told = text("user.roles_set", person=person_id, roles=held)
    click.echo(told if roles else text("user.closed", person=person_id))


@command.command("sign-out")
@click.argument("person_id")
@click.pass_obj
def sign_out(context: Context, person_id: str) -> None:
    """结束一个人的全部登录。 / End every session of somebody."""
    ended = accounts.sign_out_everywhere(context.workspace(), person_id, context.act())
    click.echo(text("user.signed_out", person=person_id, count=ended))


@command.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """列出人员、角色和登录。 / List people, roles and sessions."""
    rows = accounts.list_users(context.workspace(), context.now())
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo(text("user.none"))
        return
    shown = ({**r, "roles": "、".join(text(f"role.{x}") for x in r["roles"])} for r in rows)
    print_table(
        [text(f"user.column.{name}") for name in _COLUMNS],
        ([row[name] for name in _COLUMNS] for row in shown),
    )


def _asked() -> str:
    """Read a password without showing it; from a pipe, its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt(
        text("user.prompt"), hide_input=True, confirmation_prompt=text("user.again")
    )
    return asked
