"""``workbench serve``: the workspace in the browser."""

from __future__ import annotations

import click

from workbench.context import Context
from workbench.messages import text

LOCAL = ("127.0.0.1", "::1", "localhost")


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="监听地址 / address to listen on"
)
@click.option("--port", default=8501, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--demo-accounts",
    is_flag=True,
    help="为演示工作区重设并显示账号 / draw and show accounts of a demonstration",
)
@click.pass_obj
def command(context: Context, host: str, port: int, demo_accounts: bool) -> None:
    """启动服务，在浏览器里使用。 / Serve the workspace to browsers."""
    context.workspace()
    if demo_accounts:
        print_demo_accounts(context)
    run_server(context, host, port)


def run_server(context: Context, host: str, port: int) -> None:
    """Serve until interrupted, saying where."""
    from workbench.server import serve

    def on_ready(url: str) -> None:
        click.echo(text("server.serve.at", url=url))
        if host not in LOCAL:
            click.echo(text("server.serve.outside"), err=True)

    serve(context.folder, host, port, on_ready)
    click.echo(text("server.serve.stopped"))


def print_demo_accounts(context: Context) -> None:
    """Draw passwords for the people of the demonstration and print them."""
    from workbench.commands.printing import print_table
    from workbench.services.demo_accounts import create_demo_accounts

    made = create_demo_accounts(context.workspace(), context.now(), context.fresh)
    click.echo(text("server.serve.accounts"))
    rows = [(name, text(f"role.{role}"), password) for name, role, password in made]
    print_table([text(f"server.column.{c}") for c in ("name", "role", "password")], rows)
