"""What people do in a season: evenings at the desk, rulings, cases, publicity, the check, certifying."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from models.ledger.verifying import current_results
from tests.journeys.invented_school import (
    Reader,
    read_of,
)
from tests.journeys.season import (
    CHAIRS,
    COUNTY,
    MARKS,
    MINUTES,
    MOST,
    NEIGHBOUR,
    PLACE,
    PRINCIPAL,
    REGISTRAR,
    Season,
    write_rows,
)
from workbench.errors import RefusedError
from workbench.services import desk
from workbench.services.accounts import add_user
from workbench.services.adjudication import mark_first, rule, ruling_view
from workbench.services.allocation import prove
from workbench.services.assignments import allocate_reads
from workbench.services.calibration import begin_qualification, let_try_again, release
from workbench.services.calibration_gate import FAILED, LOCKED, UNQUALIFIED, gate_of
from workbench.services.certification import approve, propose
from workbench.services.desk_tasks import my_tasks
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, reply, resolve
from workbench.services.publicity import close_publicity, open_publicity
from workbench.services.rating import import_ratings
from workbench.services.results import ResultRow, results
from workbench.services.supervision import compare, decide, sample


def evening(season: Season, day: date, people: list[str], most: int = MOST) -> int:
    """Everybody reads what is on their desks, side by side; how many reads were handed in."""
    start = datetime.combine(day, time(11), UTC)
    season.now = max(season.now, start)
    read, here = 0, people
    for turn in range(most):
        at = start + timedelta(minutes=MINUTES * turn)
        views = [
            (who, view)
            for place, who in enumerate(here)
            if (view := _opened(season, who, at + timedelta(seconds=place))) is not None
        ]
        here = [who for who, _ in views]  # who finds nothing goes home
        for place, (who, view) in enumerate(views):
            _hand_in(season, who, view, at + timedelta(minutes=4, seconds=place))
        read += len(views)
        if not views:
            break
    season.now = max(season.now, start + timedelta(minutes=MINUTES * (turn + 1)))
    desk.settle(season.workspace, season.now)
    return read


def evenings(season: Season, first: str) -> date:
    """Evenings one after the other until nobody has anything left to do; the day after the last."""
    day = max(date.fromisoformat(first), season.now.date())
    for _ in range(30):
        read = evening(season, day, [*season.school.readers, *COUNTY[:3]])
        ruled = sum(rule_on_what_is_due(season, who) for who in (*CHAIRS, COUNTY[0]))
        freed = talk_to_locked(season)
        day += timedelta(days=1)
        if not read and not ruled and not freed:
            return day
    raise AssertionError("thirty evenings were not enough")


def rule_on_what_is_due(season: Season, chair: str) -> int:
    """Mark what is contested without seeing the reads, then rule on it; how many pieces."""
    due = [
        each.task.piece_id
        for each in my_tasks(season.workspace, chair)
        if each.task.round == "chair" and each.waits
    ]
    for piece in due:
        met = season.school.marks(Reader(0.0, lapse=0.0), season.owner[piece], season.rng)
        view = ruling_view(season.workspace, chair, piece)
        own = {row.criterion_id: met[row.criterion_id] for row in view.criteria if row.may}
        if not view.unlocked:
            mark_first(season.workspace, piece, own, season.act(chair))
            view = ruling_view(season.workspace, chair, piece)
        names = [row.criterion_id for row in view.criteria if row.open]
        words = {name: (met[name], "两次评阅意见不一，对照指标原文裁定") for name in names}
        codes = dict.fromkeys(names, "criterion_misread")
        rule(season.workspace, piece, words, season.act(chair), codes=codes)
        season.given.append((chair, piece, "chair", 0))
    return len(due)


def _opened(season: Season, who: str, at: datetime) -> dict | None:
    """What is on somebody's desk; None where there is nothing, or they may not read now."""
    try:
        view = desk.open_piece(season.workspace, who, "", at)
    except RefusedError as refused:
        season.refusals.append(f"{who} {refused.key}")
        return None
    return view if view and not view.get("done") else None


def _hand_in(season: Season, who: str, view: dict, at: datetime) -> None:
    """Mark a piece as this person sees it, and hand it in."""
    marks = _seen(season, who, view)
    said = {name: _said(season) for name, met in marks.items() if not met}
    sent = {
        "key": f"{season.seed}-{next(season.keys):08d}",
        "piece": view["piece"],
        "round": view["round"],
        "reading": view["reading"],
        "version": view["draft"]["version"],
        "marks": marks,
        "comments": said,
    }
    told = desk.submit(season.workspace, who, sent, at)
    assert told["state"] == "submitted", (who, view["piece"], told)
    season.given.append((who, view["piece"], view["round"], view["reading"]))


def _seen(season: Season, who: str, view: dict) -> dict[str, int]:
    """Marks of a person on what the desk shows."""
    piece = view["piece"]
    reader = season.school.readers.get(who, Reader(0.0, lapse=0.0))
    season.nth[who] += 1
    if piece in season.owner:
        marks = season.school.marks(reader, season.owner[piece], season.rng, season.nth[who])
    else:
        marks = _of_seed(season, reader, piece, season.nth[who])
    return {row["id"]: marks[row["id"]] for row in view["criteria"]}


def _of_seed(season: Season, reader: Reader, piece: str, nth: int) -> dict[str, int]:
    """A clear case is marked as the experts did, but for few slips."""
    gap = {}
    for row in season.rows("expert_mark", piece_id=piece):
        far = 3.2 if ".P" in row["criterion_id"] else 2.4
        gap[row["criterion_id"]] = far if row["met"] else -far
    return read_of(reader, gap, season.rng, nth)


def _said(season: Season) -> str:
    """Words of an own for every mark that is not met."""
    page = season.rng.randrange(1, 9)
    rest = "".join(chr(season.rng.randrange(0x4E00, 0x9000)) for _ in range(6))
    return f"第{page}页没有写到{rest}"


# Calibration ----------------------------------------------------------------------------------


def state_of(season: Season, rater: str) -> str:
    with season.workspace.store() as store:
        return gate_of(store, season.workspace.policy, rater).state


def qualify(season: Season, day: str) -> None:
    """All readers pass the county's test; who fails it is talked to and tries again."""
    on = date.fromisoformat(day)
    for _ in range(3):
        for rater in season.school.readers:
            if state_of(season, rater) == FAILED:
                let_try_again(season.workspace, rater, season.act(CHAIRS[0], "已一起看过标准"))
            if state_of(season, rater) == UNQUALIFIED:
                begin_qualification(season.workspace, season.act(rater))
        evening(season, on, list(season.school.readers))
        on += timedelta(days=1)


def talk_to_locked(season: Season) -> list[str]:
    """The chair talks to who is locked, who then reads as before, and releases the lock.

    A borrowed reader who failed the test takes it once more.
    """
    told = []
    for rater, reader in season.school.readers.items():
        if state_of(season, rater) == FAILED:
            let_try_again(season.workspace, rater, season.act(CHAIRS[0], "已一起看过标准"))
            begin_qualification(season.workspace, season.act(rater))
            told.append(rater)
        elif state_of(season, rater) == LOCKED:
            season.school.readers[rater] = Reader(reader.severity, reader.lapse)
            release(season.workspace, rater, season.act(CHAIRS[0], "已一起重看标准件"))
            season.recalled.append(rater)
            told.append(rater)
    return told


# The round ------------------------------------------------------------------------------------


def give_out(season: Season, who: str = CHAIRS[0]) -> None:
    """Give out what lacks readers; where none are left, set aside what the proof says would help."""
    proof = prove(season.workspace, "2026-1")
    if proof.made.plan.orders:
        made = allocate_reads(season.workspace, "2026-1", season.act(who))
        season.first_loads = season.first_loads or dict(made.plan.loads)
        proof = prove(season.workspace, "2026-1")
    reason = "本校和联片学校没有其他未接触过此件的评审员，按预案处理"
    for aside in ("county", "own_group"):
        if aside in {way.rule for way in proof.ways_out}:
            allocate_reads(season.workspace, "2026-1", season.act(who, reason), (aside,))
            proof = prove(season.workspace, "2026-1")
    if proof.made.short and proof.staff.borrow:
        _borrow(season, proof.staff.borrow)
        allocate_reads(season.workspace, "2026-1", season.act(who))


def _borrow(season: Season, count: int) -> None:
    """Bring in readers of another school, as many as the proof says are lacking; they take the test."""
    for _ in range(count):
        rater = f"R{len(season.school.readers) + 1:02d}"
        act = season.act("建档人", "联片学校借调")
        name, fresh = f"借调{rater[1:]}", season.fresh
        add_user(season.workspace, name, ["rater"], act, fresh, person_id=rater, school=NEIGHBOUR)
        season.school.readers[rater] = Reader(0.0)
        begin_qualification(season.workspace, season.act(rater))


def decide_cases(season: Season) -> None:
    """Every open case is heard and decided, by two people where it goes against somebody."""
    raise_flags(season.workspace, season.act(CHAIRS[1]))
    for case in list_holds(season.workspace, open_only=True):
        hold, about = case["hold_id"], case["submissions"]
        disposition = "certify"
        if case["code"] == "copied_text" and any(
            each.startswith(_id(season, "T22")) for each in about
        ):
            disposition = "reject"
        reply(season.workspace, hold, REGISTRAR, "已说明情况", "", season.act(CHAIRS[0]))
        for who in ("K1", "K2") if disposition == "reject" else ("K1",):
            try:
                resolve(season.workspace, hold, disposition, "已核对双方材料", season.act(who))
            except RefusedError as refused:
                assert refused.key == "hold.not_reread"  # closed when its reads are in


def finish(season: Season) -> None:
    """Give out, read, rule and decide until nothing of the round waits for anybody."""
    for _ in range(8):
        give_out(season)
        season.on(evenings(season, season.now.date().isoformat()).isoformat())
        decide_cases(season)
        if not any(str(row.reason_none) in _WAITING for row in standing(season).values()):
            return
    left = Counter(str(row.reason_none) for row in standing(season).values())
    raise AssertionError(f"still waiting: {left}")


_WAITING = ("awaiting_read", "awaiting_ruling", "held")


def _id(season: Season, teacher_no: str) -> str:
    return str(season.rows("teacher", teacher_no=teacher_no)[0]["teacher_id"])


def publish(season: Season) -> list[str]:
    """Close what has run its days, then show what is new."""
    opened = open_publicity(season.workspace, [], season.act(REGISTRAR))
    return [each.publication_id for each in opened]


def close(season: Season) -> None:
    last = max(row["closes_on"] for row in season.rows("publication"))
    season.on((date.fromisoformat(last) + timedelta(days=1)).isoformat())
    close_publicity(season.workspace, [], season.act(REGISTRAR))


def school_id(season: Season) -> str:
    return str(season.rows("school", name=PLACE)[0]["school_id"])


def teacher_no(season: Season) -> dict[str, str]:
    return {row["teacher_id"]: row["teacher_no"] for row in season.rows("teacher")}


def standing(season: Season) -> dict[tuple[str, str], ResultRow]:
    """Results by teacher's number and competency."""
    number = teacher_no(season)
    return {(number[row.teacher_id], row.competency): row for row in results(season.workspace)}


def check_by_county(season: Season, random_seed: str) -> str:
    """The county reads its sample again on paper and decides; what it decided."""
    drawn = sample(season.workspace, random_seed, season.act(COUNTY[3]))
    rows = []
    expert = Reader(0.0, lapse=0.0)
    for each in drawn:
        owner = season.owner[each.piece_id]
        met = season.school.marks(expert, owner, season.rng)
        about = {"teacher_id": owner[0], "competency": owner[1].partition("-")[0], "slot": owner[1]}
        for name, mark in met.items():
            told = {"rater": COUNTY[3], "criterion": name, "met": mark, "round": "county"}
            rows.append({**about, **told, "comment": "" if mark else "未见"})
    path = write_rows(season.folder / f"county-{random_seed}.csv", MARKS, rows)
    import_ratings(season.workspace, path, season.act(COUNTY[3]), season.fresh)
    (found,) = [row for row in compare(season.workspace) if row["school_id"] == school_id(season)]
    decision = "reopen" if found["over_limit"] and not found["decision"] else "accept"
    words = "与本校结论差异件交其他评审员重评" if decision == "reopen" else "复核一致"
    decide(season.workspace, school_id(season), decision, words, season.act(COUNTY[3]))
    return decision


def certify(season: Season) -> int:
    """Propose and approve by two people; how many entries were written."""
    raise_flags(season.workspace, season.act(CHAIRS[1]))
    (proposal,) = propose(season.workspace, [], season.act(REGISTRAR))
    made = approve(season.workspace, proposal.proposal_id, season.act(PRINCIPAL), season.fresh)
    return len(made.seqs)


def entries(season: Season) -> dict[tuple[str, str], str]:
    """Levels that stand in the ledger, by teacher's number and competency."""
    with season.workspace.store() as store:
        who = {row["pseudonym"]: row["teacher_id"] for row in store.where("alias")}
    number = teacher_no(season)
    return {
        (number[who[str(each["subject"])]], str(each["competency"])): str(each["level"])
        for each in current_results(season.workspace.ledger_path(school_id(season)))
    }
