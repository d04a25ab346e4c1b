"""``workbench user`` and ``serve``: accounts from the command line, and a port that is taken."""

from __future__ import annotations

import json
import re
import socket

import pytest
from click.testing import CliRunner

from workbench.cli import cli


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "w"

    def call(*words, **more):
        return CliRunner().invoke(
            cli, ["--workspace", str(folder), "--as", "建档人", "--lang", "zh", *words], **more
        )

    assert call("init", "--round", "秋季", "--place", "示例县").exit_code == 0
    return call


def users(run):
    return {row["person_id"]: row for row in json.loads(run("user", "list", "--json").output)}


def test_somebody_is_entered_given_a_password_and_listed(run):
    assert "u001" in run("user", "add", "张三", "--role", "rater", "--role", "chair").output
    drawn = run("user", "password", "u001", "--draw")
    assert re.search(r"[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", drawn.output)
    row = users(run)["u001"]
    assert (row["name"], row["roles"], row["sessions"]) == ("张三", ["rater", "chair"], 0)
    assert row["password_at"] and "评审员、评审组长" in run("user", "list").output


def test_a_password_is_read_from_a_pipe_and_never_from_the_command_line(run):
    run("user", "add", "张三", "--role", "admin")
    assert run("user", "password", "u001", input="足够长的密码-123\n").exit_code == 0
    weak = run("user", "password", "u001", input="short\n")
    assert weak.exit_code == 2 and users(run)["u001"]["password_at"]


def test_an_account_is_closed_by_taking_every_role_away(run):
    run("user", "add", "张三", "--role", "rater")
    assert "停用" in run("user", "roles", "u001").output
    assert users(run)["u001"]["roles"] == []
    assert run("user", "sign-out", "u001").exit_code == 0


def test_demo_accounts_are_drawn_for_a_demonstration_only(run):
    refused = run("serve", "--demo-accounts")
    assert refused.exit_code == 2


def test_a_port_in_use_is_said(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = run("serve", "--port", str(taken.getsockname()[1]))
    assert refused.exit_code == 2 and "--port" in refused.output
