"""The intake report for people and programs: its lines with their reasons in words, and as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench import messages
from workbench.errors import InputError
from workbench.formats.cells import formula_safe
from workbench.services.checks import Remark
from workbench.services.intake_report import Report

COLUMNS = "item teacher_id competency slot file verdict code reason seconds peak_mib".split()


def report_rows(report: Report) -> list[dict[str, Any]]:
    """One flat row a line of the manifest; ``reason`` is said in the language of the run."""
    return [{**line.as_json(), "reason": said(line.remarks)} for line in report.lines]


def said(remarks: Sequence[Remark]) -> str:
    """Say remarks one after the other in the language of the run."""
    joint = "" if messages.language() == "zh" else " "
    return joint.join(each.sentence() for each in remarks)


def write_report(report: Report, path: Path) -> None:
    """Write the report as ``.csv`` (UTF-8 with BOM) or ``.json``.

    Raises
    ------
    InputError
        For any other ending.
    """
    rows = report_rows(report)
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    elif path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([formula_safe(str(row[name])) for name in COLUMNS] for row in rows)
    else:
        raise InputError(
            f"{path.name}: an intake report is .csv or .json. Give it one of these endings.",
            key="intake.report_ending",
            file=path.name,
        )
