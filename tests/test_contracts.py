"""The arrows of the house: who may import whom, checked with the tests."""

import ast
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PACKAGES = ("rubrics", "models", "scoring", "workbench")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]


def contract(words):
    """The one contract whose name holds these words."""
    (found,) = [each for each in CONTRACTS if words in each["name"]]
    return found


def modules():
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imports(path):
    """Every name a module imports: ``a.b`` for ``import a.b`` and for ``from a import b``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*roots):
    """Modules that import any of these packages, as paths from the root."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if any(name.split(".")[0] in roots for name in imports(path))
    }


def test_no_import_breaks_a_contract(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert broken == 0, capsys.readouterr().out


class TestWhatTheContractsSay:
    def test_packages_import_one_way(self):
        assert contract("point one way")["layers"] == ["workbench", "scoring", "models", "rubrics"]

    def test_inside_the_workbench_commands_come_before_services_and_these_before_readers(self):
        layers = contract("Inside the workbench")["layers"]
        order = [layer for each in layers for layer in each.split(" | ")]
        assert order.index("commands") < order.index("services") < order.index("readers")

    def test_one_module_alone_may_post_to_the_ledger(self):
        only = contract("posts to the ledger")
        assert only["forbidden_modules"] == ["models.ledger.posting"]
        assert {"rubrics", "scoring", "workbench"} <= set(only["source_modules"])
        assert only["ignore_imports"] == [
            "workbench.services.certification -> models.ledger.posting"
        ]

    def test_commands_know_services_only(self):
        commands = contract("Commands act through services")
        assert {"models", "scoring"} <= set(commands["forbidden_modules"])
        assert "workbench.commands" in commands["source_modules"]

    def test_readers_import_nothing_of_ours(self):
        ours = contract("Readers import nothing")["forbidden_modules"]
        assert {"rubrics", "models", "scoring", "workbench.services"} <= set(ours)

    def test_scoring_touches_no_file_clock_database_or_network(self):
        outside = contract("Scoring touches no")["forbidden_modules"]
        assert {"pathlib", "os", "time", "datetime", "sqlite3", "pysqlite3", "socket"} <= set(
            outside
        )


class TestWhatNoContractCanSay:
    def test_nobody_takes_posting_from_the_module_that_may(self):
        """What is taken from certification is its own and public: nothing passed on from posting."""
        own = "workbench.services.certification."
        taken = {name for path in modules() for name in imports(path) if name.startswith(own)}
        tree = ast.parse((ROOT / "workbench/services/certification.py").read_text("utf-8"))
        defined = {
            own + node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        }
        assert own + "approve" in taken <= defined

    def test_posting_is_named_by_certification_alone_also_inside_models(self):
        posters = {
            path.relative_to(ROOT).as_posix()
            for path in modules()
            if any(name.startswith("models.ledger.posting") for name in imports(path))
        }
        assert posters == {"workbench/services/certification.py"}

    def test_only_the_app_imports_streamlit(self):
        allowed = ("app", "session.py", "server", "components/")
        strangers = {
            path
            for path in importers("streamlit")
            if not path.removeprefix("workbench/").startswith(allowed)
        }
        assert strangers == set()

    def test_only_models_and_the_province_open_databases(self):
        openers = importers("sqlite3", "pysqlite3", "sqlite_utils", "duckdb")
        assert {p for p in openers if not p.startswith(("models/", "workbench/province/"))} == set()

    def test_pydantic_is_known_to_loading_alone(self):
        assert importers("pydantic") <= {"rubrics/loading.py"}

    @pytest.mark.parametrize("package", PACKAGES)
    def test_every_folder_is_a_package_with_an_empty_init(self, package):
        folders = {path.parent for path in (ROOT / package).rglob("*.py")}
        for folder in folders:
            if folder.parent.name == "components":  # a component is its folder: script, style, call
                continue
            assert (folder / "__init__.py").read_text(encoding="utf-8").strip() == ""
