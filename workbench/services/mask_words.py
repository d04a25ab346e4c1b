"""Which words say whose evidence it is: names of its school's people, and the school's own names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from models.store import Row, Store
from workbench.formats.surnames import COMPOUND, NOT_A_NAME, SUBJECTS, SURNAMES
from workbench.readers.masking import NAME, NUMBER, SCHOOL, Mask, Surnames, Word

SURNAMES_KNOWN = Surnames(SURNAMES, COMPOUND, NOT_A_NAME | SUBJECTS)

_TITLES = ("老师", "教师", "校长", "主任", "书记", "园长")
_PLACE = re.compile(
    r"^(?:.{1,8}?(?:省|自治区))?(?:.{1,7}?(?:市|自治州|地区|盟))?(?:.{1,6}?(?:自治县|县|区|旗|市))?"
)
_TOWN = re.compile(r"^.{1,5}?(?:街道|镇|乡|苏木)")
_KINDS = (  # ending of the full name -> endings people use instead
    ("高级中学", ("中学", "高中")),
    ("初级中学", ("中学", "初中")),
    ("实验小学", ("实小",)),
    ("中心小学", ("小学", "中心校")),
    ("实验中学", ("实中",)),
    ("完全中学", ("中学",)),
    ("九年一贯制学校", ("学校",)),
)
_NUMBERED = re.compile(r"第([一二三四五六七八九十]+)(?:高级|初级|实验)?(中学|小学|幼儿园)$")
_CAMPUS = re.compile(r"[（(].*[）)]$")
_SHORTEST = 3  # characters from which a school's short name is looked for inside other words


class MaskWords:
    """Masks by teacher, the people of a school gathered once."""

    def __init__(self, store: Store) -> None:
        self._schools = {row["school_id"]: row["name"] for row in store.where("school")}
        self._people: dict[str, list[Row]] = {}
        for row in (*store.where("teacher"), *store.where("person")):
            if row["school_id"]:
                self._people.setdefault(row["school_id"], []).append(row)
        self._shared: dict[str, tuple[Word, ...]] = {}

    def mask(self, teacher_id: str, school_id: str) -> Mask:
        """Mask for the evidence of one teacher."""
        if school_id not in self._shared:
            self._shared[school_id] = tuple(self._words(school_id))
        own = next(row for row in self._people[school_id] if row.get("teacher_id") == teacher_id)
        return Mask((Word(NAME, own["name"]),)).with_words(self._shared[school_id])

    def _words(self, school_id: str) -> Iterator[Word]:
        for form in school_forms(self._schools[school_id]):
            yield Word(SCHOOL, form, sides=2 * (len(form) < _SHORTEST))
        for row in filter(lambda each: each["name"], self._people[school_id]):  # not the erased
            yield from name_words(row["name"])
            number = str(row.get("teacher_no") or "")
            if len(number) >= 4 and any(map(str.isdigit, number)):
                yield Word(NUMBER, number)


def name_words(name: str) -> Iterator[Word]:
    """Forms in which a person is named: in full, and by part with a title.

    A name of two characters is looked for where it stands by itself, as many
    are words too (``高明``).

    >>> [word.text for word in name_words("梁禾清")][:4]
    ['梁禾清', '梁老师', '梁校长', '梁主任']
    """
    whole = "".join(name.split())
    yield Word(NAME, whole, sides=2 * (len(whole) < 3))
    cuts = (whole[:1], whole[:2], whole[1:], whole[2:]) if len(whole) > 2 else (whole[:1], whole)
    for part in dict.fromkeys(filter(None, cuts)):
        for title in _TITLES:
            if len(part) > 1 or title != "教师":  # 双方教师 is no teacher called 方
                yield Word(NAME, part + title)


def school_forms(name: str) -> tuple[str, ...]:
    """Full name of a school and the usual short ones.

    >>> school_forms("松岚县青禾小学")
    ('松岚县青禾小学', '青禾小学')
    >>> school_forms("松岚县临溪初级中学")
    ('松岚县临溪初级中学', '松岚县临溪中学', '松岚县临溪初中', '临溪初级中学', '临溪中学', '临溪初中')
    >>> school_forms("松岚县第一中学")[-3:]
    ('县一中', '第一中学', '一中')
    """
    whole = "".join(name.split())
    bare = _CAMPUS.sub("", whole)
    found = [whole, bare]
    local = _PLACE.sub("", bare)
    if not _says_something(local):
        local = bare
    found += _with_kinds(bare)
    numbered = _NUMBERED.search(bare)
    if numbered:
        found.append(bare[: numbered.start()] + numbered[1] + numbered[2][0])
        found += [f"{unit}{numbered[1]}{numbered[2][0]}" for unit in "县市区" if unit in bare]
    found += [local, *_with_kinds(local)]
    town = _TOWN.sub("", local)
    if town != local and _says_something(town):
        found += [town, *_with_kinds(town)]
    if numbered:
        found.append(numbered[1] + numbered[2][0])
    return tuple(dict.fromkeys(form for form in found if _says_something(form)))


def _with_kinds(name: str) -> Iterable[str]:
    for ending, instead in _KINDS:
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            return [stem + each for each in instead if stem or each not in ("中学", "小学", "高中")]
    return []


_ANY_SCHOOL = frozenset(
    "小学 中学 学校 高中 初中 幼儿园 中心小学 中心校 高级中学 初级中学 中心学校 完全中学 完小".split()
)


def _says_something(form: str) -> bool:
    """Whether a name is more than the kind of school."""
    return len(form) > 1 and form not in _ANY_SCHOOL
