"""Two unlike ways to invent a county's texts: drawn words, and phrases a teacher would write.

`DrawnWords` draws ideographs by a Zipf law: every coincidence is chance, forms are
long and bodies all of one length. `TeacherPhrases` fills some forty sentence
patterns from short lists: vocabulary is small, coincidences are many, forms are
short and bodies from a page to three. What holds for both does not hang on one
of them.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

Sentences = list[str]


class Language(Protocol):
    """Invents sentences, forms and quotations from one seeded generator."""

    topics: int
    subjects: int  # of the topics
    by_school: bool  # whether each school has a form of its own
    random: np.random.Generator
    forms: list[Sentences]
    quotations: list[Sentences]
    policies: Sentences
    cited: Sentences

    def sentence(self, topic: int) -> str:
        """Invent one sentence on a topic."""

    def body(self, topic: int) -> Sentences:
        """Invent a teacher's own sentences, some of the textbook's among them."""

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Fill a form with a body and the paragraph the teacher's school adds."""


class DrawnWords:
    """Words of two common ideographs by a Zipf law; two fifths of a text are form."""

    topics = 320
    subjects = 9
    by_school = False

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        signs = bytes(
            byte for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF) for byte in (high, low)
        ).decode("gb2312")
        drawn = self.random.integers(0, len(signs), (12_000, 2))
        self.words = np.array([signs[one] + signs[two] for one, two in drawn])
        weight = 1 / np.arange(1, len(self.words) + 1)
        self.ladder = np.cumsum(weight / weight.sum())
        self.stock = ["".join(self._draw(4)) for _ in range(60)]
        self.of_topic = [self.random.integers(0, len(self.words), 60) for _ in range(self.topics)]
        self.quotations = [[self._any(0, 14) for _ in range(8)] for _ in range(self.topics)]
        self.forms = [[self._any(0, 11) for _ in range(44)] for _ in range(6)]
        self.policies = [self._any(0, 18) for _ in range(6)]
        self.cited = ["".join(self._any(0, 17) for _ in range(5)) for _ in range(4)]

    def sentence(self, topic: int) -> str:
        """Draw a sentence of nine words, near half of them opened by a stock phrase."""
        return self._any(topic, 9)

    def body(self, topic: int) -> Sentences:
        """Draw 62 sentences, three to seven of the textbook's among them."""
        own = [self.sentence(topic) for _ in range(62)]
        for quoted in self.random.choice(8, self.random.integers(3, 8), replace=False):
            own.insert(self.random.integers(len(own)), self.quotations[topic][quoted])
        return own

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Put the body in six parts between the lines of the form."""
        lines = list(self.forms[form])
        parts = np.array_split(np.array(body, dtype=object), 6)
        for place, part in zip((40, 33, 26, 19, 12, 5), parts, strict=True):
            lines.insert(place, "".join(part))
        return "\n".join([*lines, self.policies[form], school])

    def _draw(self, count: int) -> list[str]:
        found: list[str] = self.words[
            np.searchsorted(self.ladder, self.random.random(count))
        ].tolist()
        return found

    def _any(self, topic: int, length: int) -> str:
        words = self._draw(length)
        for place in np.flatnonzero(self.random.random(length) < 1 / 3):
            words[place] = self.words[self.of_topic[topic][self.random.integers(60)]]
        if self.random.random() < 0.45:
            words.insert(0, self.stock[self.random.integers(60)])
        return "".join(words) + "。"


_LISTS = {
    "who": "学生 全班同学 各小组 学习有困难的同学 小组长 四人小组 同桌两人 大多数孩子 优秀学生 课代表 "
    "后进生 第一组 每位同学 课堂上的孩子们 部分学生 班里的同学",
    "tool": "希沃白板 问卷星 在线答题器 班级优化大师 几何画板 思维导图软件 平板电脑 录屏微课 "
    "投屏工具 电子白板 仿真实验室 在线文档 词云图 点阵笔 智慧课堂系统 朗读软件 即时测评 虚拟实验",
    "do": "完成 展示 讨论 归纳 对比 标注 圈画 分享 汇报 整理 订正 复述 拖动 上传 拍照记录 检查 解释 "
    "推导 验证 修改 补充 评价",
    "what": "自己的想法 前测结果 错题 学习单 探究过程 实验数据 关键词句 思考路径 解题步骤 课文结构 "
    "小组结论 观察记录 疑难问题 评价量表 图表 例题 作品 资料 批注 知识要点 生字新词 段落大意",
    "aim": "突破重点 化解难点 提高参与度 了解学情 及时反馈 分层推进 培养合作意识 发展思维 落实目标 "
    "关注差异 激发兴趣 巩固新知 积累经验 形成方法 提升表达能力 养成质疑习惯 建立模型 ",
    "when": "课前 课堂伊始 新授环节 练习环节 巩固阶段 小结时 课后 汇报之后 第二次试教时 自主学习阶段 "
    "合作探究中 当堂检测时 复习课上 预习时",
    "how": "逐步 认真 有序 独立 分层次 循序渐进地 反复 借助图示 结合生活实例 从整体到局部 由浅入深 "
    "一边操作一边说理 带着问题 按要求 大胆",
    "felt": "兴趣很浓 注意力更集中 仍有几人跟不上 表达不够完整 计算出错较多 能说出理由 参与面扩大 "
    "时间有些紧 效果比预想的好 发言更积极 概念容易混淆 方法比较单一",
}
_PATTERNS = (
    "{when}，{who}用{tool}{do}{what}，{aim}。",
    "教师借助{tool}呈现{what}，请{who}{how}{do}。",
    "通过{tool}收集{what}，发现{who}{felt}。",
    "{who}{how}{do}{what}之后，{felt}。",
    "设计意图：利用{tool}{do}{what}，目的在于{aim}。",
    "为了{aim}，我在{when}安排{who}{do}{what}。",
    "{when}我发现{who}{felt}，于是改用{tool}{do}{what}。",
    "如果{who}不能{do}{what}，就{how}引导，{aim}。",
    "{what}显示，{who}中约有{number}人{felt}。",
    "接着围绕{name}展开，{who}{how}{do}{what}。",
    "{name}一课的{what}由{who}在{when}{do}。",
    "以{name}为例，{who}需要{how}{do}{what}，从而{aim}。",
    "本环节用时{number}分钟，{who}{do}{what}，{felt}。",
    "反思：{when}对{tool}的使用还不熟练，{who}{felt}，今后应{how}改进。",
    "问题{number}：怎样让{who}{how}{do}{what}？",
    "预设{who}会说出与{name}有关的{what}，教师随机{do}。",
    "{tool}的统计结果让{who}看到{what}，{aim}。",
    "{how}{do}{what}是{name}的关键，{when}用{tool}来{aim}。",
)
_SYLLABLES = "春秋江南湖山日月风雨草木花鸟圆方角线面体数形分合光热声力水土星云诗画书信史志农工海港"


class TeacherPhrases:
    """Sentences of eighteen patterns over short lists; a quarter of a text is form."""

    topics = 60
    subjects = 9
    by_school = False

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed + 7_000_003)
        self.lists = {name: words.split() for name, words in _LISTS.items()}
        self.names = [self._name() for _ in range(self.topics * 9)]
        self.quotations = [
            ["".join(self._line(topic) for _ in range(2)) for _ in range(5)]
            for topic in range(self.topics)
        ]
        self.forms = [
            [f"{chr(0x4E00 + 37 * one + line * 11)}、{self._line(0)[:17]}：" for line in range(14)]
            for one in range(9)
        ]
        self.policies = ["".join(self._line(one) for one in range(2)) for _ in range(6)]
        self.cited = ["".join(self.sentence(one) for _ in range(6)) for one in range(4)]

    def sentence(self, topic: int) -> str:
        """Fill one pattern; a third gets a remark of the teacher's own."""
        found = self._line(topic)
        if self.random.random() < 1 / 3:
            found = found[:-1] + "，" + self._remark() + "。"
        return found

    def body(self, topic: int) -> Sentences:
        """Write 22 to 90 sentences, none to three quotations of the topic among them."""
        own = [self.sentence(topic) for _ in range(int(self.random.integers(22, 91)))]
        for quoted in self.random.choice(5, self.random.integers(0, 4), replace=False):
            own.insert(self.random.integers(len(own)), self.quotations[topic][quoted])
        return own

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Write under each heading of the form in turn, as much as falls there."""
        lines = self.forms[form]
        cuts = np.sort(self.random.integers(0, len(body) + 1, len(lines) - 1))
        parts = np.split(np.array(body, dtype=object), cuts)
        return "\n".join([school, *(a + "".join(b) for a, b in zip(lines, parts, strict=True))])

    def _pick(self, words: list[str]) -> str:
        return words[int(self.random.integers(len(words)))]

    def _line(self, topic: int) -> str:
        values = {name: self._pick(words) for name, words in self.lists.items()}
        name = self.names[topic * 9 + int(self.random.integers(9))]
        number = str(self.random.integers(2, 48))
        return self._pick(list(_PATTERNS)).format(**values, name=f"《{name}》", number=number)

    def _name(self) -> str:
        return "".join(self._pick(list(_SYLLABLES)) for _ in range(int(self.random.integers(2, 6))))

    def _remark(self) -> str:
        count = int(self.random.integers(5, 16))
        return "".join(chr(0x4E00 + int(n)) for n in self.random.integers(0, 6000, count))
