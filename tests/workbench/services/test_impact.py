"""Another policy: its impact is known beforehand, marks stay, and the ledger names it."""

from secrets import token_bytes

import pytest

from models.ledger.reading import read_entries
from models.ledger.verifying import current_results
from rubrics.resolving import load_policy
from workbench.errors import InputError, RefusedError
from workbench.exports.payload import payload_from
from workbench.exports.reading_back import read_sheet
from workbench.services.certificates import write_certificates
from workbench.services.certification import propose_procedure
from workbench.services.impact import (
    adopt_policy,
    adopt_rubric,
    policy_impact,
    preview,
    rows_with_names,
    rubric_impact,
    rubric_preview,
)
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import verify
from workbench.services.results import results
from workbench.services.succession import succeed
from workbench.services.verification import verify_sheet
from workbench.services.workspace import ServedWorkspace

TOWN = "城关小学"

CHANGES = {
    "two points": ("choice.points_required", '2, unit = "competencies"'),
    "three reads": ("review.reviewers_per_piece", '3, unit = "readers"'),
    "hours": ("hours.total_min", '50, unit = "hours"'),
    "every piece": ("aggregation.excellent_scope", '"all_pieces", unit = "choice"'),
}


def draft(walk, change):
    """The county's pack with one rule more, or another value of one."""
    key, value = CHANGES[change]
    section, _, name = key.rpartition(".")
    line = f'{name} = {{ value = {value}, source = "test" }}'
    lines = (walk.folder / "policy.toml").read_text(encoding="utf-8").splitlines()
    lines = [each for each in lines if not each.startswith(f"{name} =")]
    head = f"[rule.{section}]"
    if head in lines:
        lines.insert(lines.index(head) + 1, line)
    else:
        lines += [head, line]
    path = walk.folder / "draft.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def outcomes(workspace):
    return {
        (r.teacher_id, r.competency): str(r.level or r.provisional or r.reason_none)
        for r in results(workspace)
    }


def marks(walk):
    with walk.workspace.store() as store:
        return store.rows("SELECT * FROM mark ORDER BY read_id, criterion_id")


def adopt(walk, name, who="复核甲", reason="县里发了新办法"):
    return adopt_policy(walk.workspace, name, walk.act(who, reason))


@pytest.mark.parametrize("change", CHANGES)
def test_the_preview_is_what_happens_when_the_policy_is_adopted(read, change):
    name = draft(read, change)
    (impact,) = policy_impact(read.workspace, load_policy(name))
    before = outcomes(read.workspace)
    adopt(read, name)
    after = outcomes(read.workspace)
    happened = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    foretold = {
        (row["teacher_id"], row["competency"]): (row["before"], row["after"]) for row in impact.rows
    }
    assert foretold == happened
    assert impact.results == len(before)
    assert sum(impact.moves.values()) == len(happened)
    assert bool(happened) == (change != "every piece")  # where all pieces agree it changes nothing


def test_adopting_touches_no_mark_and_is_logged_with_its_reason(read):
    before = marks(read)
    old = read.workspace.policy.digest
    pack, _ = adopt(read, draft(read, "two points"))
    assert marks(read) == before
    assert read.workspace.policy.digest == pack.digest != old
    assert read.workspace.policies.keys() == {old, pack.digest}
    with read.workspace.store() as store:
        line = store.where("audit_log", action="policy.adopt")[-1]
        assert (line["object"], line["reason"]) == (f"{old} {pack.digest}", "县里发了新办法")
        assert store.audit_faults() == []


def test_an_app_that_is_running_goes_by_the_new_policy_at_once(read):
    served = ServedWorkspace(read.workspace.folder)
    assert served.policy["choice.points_required"] == 1
    adopt(read, draft(read, "two points"))
    assert served.policy["choice.points_required"] == 2
    served.close()


def test_it_takes_a_reason_a_role_and_another_policy(read):
    name = draft(read, "hours")
    with pytest.raises(InputError, match="reason"):
        adopt(read, name, reason=" ")
    with pytest.raises(RefusedError, match="county"):
        adopt(read, name, who="登记甲")
    adopt(read, name)
    with pytest.raises(RefusedError, match="already"):
        adopt(read, name)


def test_certified_results_are_stated_again_under_the_policy_the_ledger_then_names(checked):
    checked.approve(checked.propose(TOWN)[0].proposal_id)
    pack, impacts = adopt(checked, draft(checked, "every piece"))
    assert impacts[0].rows == ()
    (recording,) = propose_procedure(
        checked.workspace, [checked.school(TOWN)], checked.act("登记员")
    )
    checked.approve(recording.proposal_id)
    checked.approve(checked.propose(TOWN)[0].proposal_id)
    path = checked.workspace.ledger_path(checked.school(TOWN))
    entries = list(read_entries(path))
    (named,) = [each for each in entries if each["kind"] == "policy"]
    assert (named["policy"], len(named["approvers"])) == (pack.digest, 2)
    assert {each["policy"] for each in current_results(path)} == {pack.digest}
    assert {e["reason"] for e in entries if e["kind"] == "supersede"} == {"policy_adopted"}
    assert all(each.found.ok for each in verify(checked.workspace))
    with pytest.raises(RefusedError, match="nothing to record"):
        propose_procedure(checked.workspace, [checked.school(TOWN)], checked.act("登记员"))


def test_sheets_of_entries_made_before_prove_themselves_and_name_the_policy_of_their_time(checked):
    workspace, school = checked.workspace, checked.school(TOWN)
    checked.approve(checked.propose(TOWN)[0].proposal_id)
    old, name = workspace.policy, draft(checked, "every piece")
    pack, _ = adopt(checked, name)
    for folder, digests in (("before", {old.digest}), ("again", {pack.digest})):
        out = checked.folder / folder
        written = write_certificates(workspace, out, checked.now.date(), [school])
        assert all(verify_sheet(path, trusted_keys(workspace)).ok for path in written)
        for path in out.rglob("*.docx"):
            payload = payload_from(read_sheet(path).payload)
            assert {policy.digest for policy in payload.policies} == digests
        if folder == "before":
            checked.approve(checked.propose(TOWN)[0].proposal_id)


def test_a_policy_whose_text_is_gone_is_named_and_nothing_is_printed(checked):
    checked.approve(checked.propose(TOWN)[0].proposal_id)
    pack, _ = adopt(checked, draft(checked, "every piece"))
    checked.approve(checked.propose(TOWN)[0].proposal_id)
    workspace = checked.workspace
    adopt(checked, str(checked.folder / "policy.toml"), reason="改回原办法")
    (workspace.folder / "policies" / f"{pack.digest}.json").unlink()
    with pytest.raises(InputError, match=pack.digest[:12]):
        write_certificates(workspace, checked.folder / "out", checked.now.date())
    assert not list((checked.folder / "out").rglob("*.docx"))


def test_the_last_round_is_looked_at_too(read):
    second = succeed(
        read.workspace, read.folder / "next", "2027秋", read.act("管理员"), token_bytes
    ).workspace
    this, last = policy_impact(second, load_policy(draft(read, "two points")))
    assert (this.round_name, last.round_name) == ("2027秋", "2026秋")
    assert {row["teacher_id"] for row in last.rows} == {"T1", "T2", "T4"}  # T3 failed anyway


def test_a_registrar_sees_the_impact_on_the_own_school(read):
    _, (impact,) = preview(read.workspace, "G1", draft(read, "two points"))
    assert {row["school_id"] for row in impact.rows} == {read.school(TOWN)}
    changes, _ = preview(read.workspace, "K1", draft(read, "two points"))
    assert ("choice.points_required", 1, 2) in [
        (c["key"], c["before"], c["after"]) for c in changes
    ]


def test_a_rubric_with_a_new_criterion_leaves_its_pieces_to_be_read(read):
    from dataclasses import replace

    rubric = read.workspace.rubrics["B8"]
    (same,) = rubric_impact(read.workspace, rubric)
    assert same.rows == ()
    slot = rubric.slot("B8-1")
    more = replace(slot.criteria[0], criterion_id="B8-1.P9")
    slots = [replace(s, criteria=(*s.criteria, more)) if s is slot else s for s in rubric.slots]
    (impact,) = rubric_impact(read.workspace, replace(rubric, slots=tuple(slots)))
    levels = {r["teacher_id"]: r["after"] for r in impact.rows if r["competency"] == "B8"}
    assert levels.keys() >= {"T1", "T2", "T4"}
    assert set(levels.values()) <= {"awaiting_read", "awaiting_ruling"}


def another_rubric(walk):
    """The rubric of B8 with one more word in its first criterion."""
    source = (walk.workspace.rubrics_folder / "B8.toml").read_text(encoding="utf-8")
    words = walk.workspace.rubrics["B8"].slot("B8-1").criteria[0].text_zh
    path = walk.folder / "B8-new.toml"
    path.write_text(source.replace(words, f"{words}（修订）", 1), encoding="utf-8")
    return path


def test_a_rubric_is_adopted_before_anybody_marked_by_it(handed_in):
    old = handed_in.workspace.rubrics["B8"].digest
    path = another_rubric(handed_in)
    adopt_rubric(handed_in.workspace, path, handed_in.act("复核甲", "文字修订"))
    new = handed_in.workspace.rubrics["B8"]
    assert new.digest != old
    assert new.slot("B8-1").criteria[0].text_zh.endswith("（修订）")
    assert handed_in.log()[-1] == "rubric.adopt"


def test_a_rubric_adopted_is_recorded_in_the_ledger_with_the_one_it_replaces(handed_in):
    workspace, school = handed_in.workspace, handed_in.school(TOWN)
    old = workspace.rubrics["B8"].digest
    adopt_rubric(workspace, another_rubric(handed_in), handed_in.act("复核甲", "文字修订"))
    (recording,) = propose_procedure(workspace, [school], handed_in.act("登记员"))
    handed_in.approve(recording.proposal_id)
    (named,) = [e for e in read_entries(workspace.ledger_path(school)) if e["kind"] == "rubric"]
    assert (named["competency"], named["replaces"]) == ("B8", old)
    assert named["rubric"] == workspace.rubrics["B8"].digest
    assert all(each.found.ok for each in verify(workspace))
    with pytest.raises(RefusedError, match="nothing to record"):
        propose_procedure(workspace, [school], handed_in.act("登记员"))


def test_rubrics_of_every_time_are_found_by_their_digest(handed_in):
    workspace = handed_in.workspace
    old = workspace.rubrics["B8"].digest
    adopt_rubric(workspace, another_rubric(handed_in), handed_in.act("复核甲", "文字修订"))
    new = workspace.rubrics["B8"].digest
    (workspace.folder / "rubric_sets" / "b8.toml").write_text("a draft", encoding="utf-8")
    found = workspace.rubrics_by({old, new, workspace.rubrics["A4"].digest})
    assert [rubric.competency for rubric in found] == ["A4", "B8", "B8"]
    assert {rubric.digest for rubric in found} >= {old, new}


def test_and_not_once_somebody_has(read):
    before = read.workspace.rubrics.digest
    with pytest.raises(RefusedError, match="8 pieces were marked"):
        adopt_rubric(read.workspace, another_rubric(read), read.act("复核甲", "文字修订"))
    assert read.workspace.rubrics.digest == before


def test_the_preview_of_a_rubric_counts_what_was_marked_and_names_schools_and_teachers(read):
    made = rubric_preview(read.workspace, "K1", str(another_rubric(read)))
    assert made.marked == 8
    assert [row["change"] for row in made.changes] == ["changed"]
    assert [each.rows for each in made.impacts] == [()]  # another wording keeps its marks here
    _, (impact,) = preview(read.workspace, "G1", draft(read, "two points"))
    rows = rows_with_names(read.workspace, impact)
    assert {row["school"] for row in rows} == {TOWN}
    assert {row["teacher_no"] for row in rows} == {row["teacher_id"] for row in impact.rows}
    assert all(row["teacher"] for row in rows)
