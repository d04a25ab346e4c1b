"""The invented county: three schools, thirty teachers, nine raters, a chair and a county reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sample_evidence.words import Topic, topics

COUNTY = "松岚县"
ROUND = "2026年秋季批次"
OFFICE = "松岚县教师发展中心"

_SURNAMES = "梁沈苏陆顾程韩唐冯邓许傅曹曾彭萧田董潘袁蔡蒋余叶杜魏阎薛方石姚谭廖邹熊"
_GIVEN = (
    "禾清 沐言 知远 映川 书遥 若衡 景岚 望舒 以澄 砚秋 云笙 思齐 予安 星阑 怀瑾 朝露 林溪 静姝 子规 采薇 "
    "雨眠 南乔 归晚 松涛 听澜 汀兰 秋池 霁月 闻笛 溯光 青梧 临川 照野 素问 乐山 吟霜 牧之 晴岚 疏桐 念北 "
    "栖云 竹筠 平芜 远岫 存真"
).split()
_TITLES = ("一级教师", "一级教师", "二级教师", "二级教师", "高级教师")
# An area code no place has: these numbers are well-formed and belong to nobody.
_NO_AREA = "990731"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class School:
    """One school with the subjects of its ten teachers and the competencies they chose."""

    school_id: str
    name: str
    stage: str
    environment: str
    cluster: str
    subjects: tuple[str, ...]
    competencies: tuple[str, ...]


@dataclass(frozen=True)
class Teacher:
    """One candidate; ``topics`` are the lessons the evidence is about."""

    teacher_id: str
    name: str
    gender: str
    school: School
    subject: str
    department: str
    title: str
    id_number: str
    hours_online: int
    hours_practice: int
    competencies: tuple[str, ...]
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Rater:
    """One rater, the chair or the county reviewer; ``school_id`` is empty for the county's own."""

    rater_id: str
    name: str
    school_id: str
    school: str
    department: str
    role: str


@dataclass(frozen=True)
class County:
    """Everybody and every school."""

    schools: tuple[School, ...]
    teachers: tuple[Teacher, ...]
    raters: tuple[Rater, ...]
    chair: Rater
    reviewer: Rater


def _times(**counts: int) -> tuple[str, ...]:
    return tuple(code for code, count in counts.items() for _ in range(count))


SCHOOLS = (
    School(
        "QH",
        "松岚县青禾小学",
        "小学",
        "多媒体教学环境",
        "城东片区",
        ("语文", "语文", "数学", "数学", "英语", "科学", "道德与法治", "音乐", "美术", "体育"),
        _times(A1=4, A2=3, A3=3, A4=3, A5=2, A6=2, A7=2, A8=1, A9=2, A10=2, A11=2, A12=1, A13=3),
    ),
    School(
        "LX",
        "松岚县临溪初级中学",
        "初中",
        "混合学习环境",
        "城南片区",
        ("语文", "数学", "数学", "英语", "物理", "化学", "生物", "历史", "地理", "道德与法治"),
        _times(
            B1=3, B2=3, B3=2, B4=2, B5=3, B6=2, B7=2, B8=4, B9=2, B10=1, A1=2, A2=1, A13=1, A4=2
        ),
    ),
    School(
        "MX",
        "松岚县明岫高级中学",
        "高中",
        "智慧学习环境",
        "城西片区",
        ("语文", "数学", "英语", "物理", "化学", "生物学", "历史", "地理", "思想政治", "信息技术"),
        _times(C1=3, C2=2, C3=2, C4=3, C5=3, C6=2, C7=5, B8=4, B4=1, A13=3, A1=2),
    ),
)


def check_digit(seventeen: str) -> str:
    """Check digit of an identity number by ISO 7064 MOD 11-2.

    >>> check_digit("11010519491231002")
    'X'
    """
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def invent_county(seed: int) -> County:
    """The county of a seed; the schools are always the same, the people are not."""
    rng = Random(f"people {seed}")
    names = _names(rng, 60)
    teachers = [t for school in SCHOOLS for t in _teachers(school, names, rng)]
    raters = [
        Rater(
            f"PS{9 - left:02d}",
            names.pop(),
            school.school_id,
            school.name,
            f"{subject}教研组",
            "评审员",
        )
        for left, (school, subject) in zip(
            range(8, -1, -1),
            [(s, subject) for s in SCHOOLS for subject in rng.sample(sorted(set(s.subjects)), 3)],
            strict=True,
        )
    ]
    chair = Rater("ZZ01", names.pop(), "", OFFICE, "教研室", "评审组长")
    reviewer = Rater("FH01", names.pop(), "", OFFICE, "项目办", "县复核员")
    return County(SCHOOLS, tuple(teachers), tuple(raters), chair, reviewer)


def _names(rng: Random, count: int) -> list[str]:
    """Names of three characters; no two people share a surname and a given name's first character."""
    surnames = list(_SURNAMES) * 2
    givens = list(_GIVEN)
    rng.shuffle(surnames)
    pool = rng.sample(givens, len(givens)) + rng.sample(givens, len(givens))
    made: list[str] = []
    for surname, given in zip(surnames, pool, strict=False):
        if surname + given not in made:
            made.append(surname + given)
    return made[:count]


def _teachers(school: School, names: list[str], rng: Random) -> list[Teacher]:
    chosen = _deal(list(school.competencies), len(school.subjects), rng)
    seen: dict[str, int] = {}
    made = []
    for number, subject in enumerate(school.subjects, 1):
        nth = seen.get(subject, 0)
        seen[subject] = nth + 1
        pool = [t for t in topics() if t.stage == school.stage and t.subject == subject]
        made.append(
            Teacher(
                f"{school.school_id}{number:03d}",
                names.pop(),
                rng.choice("男女"),
                school,
                subject,
                f"{subject}教研组",
                rng.choice(_TITLES),
                _id_number(rng),
                online := rng.randint(25, 29),
                online + rng.randint(0, 5),  # practice is to be at least half of all hours
                tuple(sorted(chosen[number - 1], key=lambda c: (c[0], int(c[1:])))),
                tuple(pool[2 * nth : 2 * nth + 2]),
            )
        )
    return made


def _deal(codes: list[str], hands: int, rng: Random) -> list[list[str]]:
    """Deal three different competencies to each."""
    while True:
        rng.shuffle(codes)
        dealt = [codes[3 * hand : 3 * hand + 3] for hand in range(hands)]
        if all(len(set(hand)) == 3 for hand in dealt):
            return dealt


def _id_number(rng: Random) -> str:
    born = f"{rng.randint(1968, 1998)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body = f"{_NO_AREA}{born}{rng.randint(1, 999):03d}"
    return body + check_digit(body)
