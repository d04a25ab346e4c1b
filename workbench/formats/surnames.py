"""What Chinese names, schools and subjects look like in the names of folders and files."""

from __future__ import annotations

import re

# Common surnames, then the compound ones: enough to propose a name, never to decide on one.
SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
    "雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳"
    "邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位"
    "覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来"
    "苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都"
    "巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺肖闫付阚涪"
)
COMPOUND = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "夏侯",
    "司徒",
)
NOT_A_NAME = frozenset(
    "方案 教案 文件 文档 文字 文本 高中 高一 高二 高三 课件 成果 成绩 教学 安排 安全 计划 计算 应用 "
    "学校 金属 时间 时长 管理 关于 和谐 单元 白板 路径 简介 全部 全县 原件 原始 明细 封面 来源 连接 "
    "章节 方法 应聘 习题 解读 解析 符号 项目 程序 温度 古诗 花园 常规 易错 强化 成长 景物 包装 司法 "
    "都市 商品 党建 党课 文言文 高年级 向量 方程 方程式 石头 金融 华东 龙舟 马拉松 江南 宁夏 台阶".split()
)
SUBJECTS = frozenset(
    "语文 数学 英语 物理 化学 生物 政治 思想政治 道德与法治 历史 地理 科学 音乐 美术 体育 体育与健康 "
    "信息技术 信息科技 通用技术 劳动 综合实践 心理健康 日语 俄语 书法".split()
)
_SCHOOL = re.compile(
    r"(?:.(?:小学|中学|学校|幼儿园|高中|初中|中心校|教学点|完小|附中|附小)|[一二三四五六七八九十]+[中小幼])"
    r"(?:[（(][^）)]*[）)])?(?:部|校区)?$"
)
_SEPARATORS = re.compile(r"[\s\-_—–·+&、，,。.;；:：()（）\[\]【】《》“”\"'#~]+")


def tokens(text: str) -> tuple[str, ...]:
    """Words of a file or folder name, as its separators part them."""
    return tuple(word for word in _SEPARATORS.split(text) if word)


def looks_like_a_name(word: str) -> bool:
    """Whether a word may be a person's name: a surname and one or two characters more.

    Examples
    --------
    >>> looks_like_a_name("王小山"), looks_like_a_name("欧阳文静"), looks_like_a_name("方案")
    (True, True, False)
    """
    if not all("\u4e00" <= character <= "\u9fff" for character in word):
        return False
    if word in NOT_A_NAME or word in SUBJECTS or looks_like_a_school(word):
        return False
    if word.startswith(COMPOUND):
        return len(word) in (3, 4)
    return len(word) in (2, 3) and word[0] in SURNAMES


def looks_like_a_school(word: str) -> bool:
    """Whether a word ends as names of schools do.

    Examples
    --------
    >>> [looks_like_a_school(word) for word in ("青石镇中心小学", "城关一中", "一中", "小学", "方案")]
    [True, True, True, False, False]
    """
    return bool(_SCHOOL.search(word))
