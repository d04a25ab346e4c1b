"""Header texts tables really carry, by the key each stands for; the first name is our own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Key, our own header, then what other tables call it; an indented line goes on.
_TABLE = """
item            序号 编号 行号 no id
teacher_id      教师编号 学员编号 学员号 教师号 教师代码 学号 工号 教工号 职工号 继教号
                继续教育编号 师训号 学员账号 教师账号 账号
teacher_name    教师姓名 姓名 学员姓名 参训教师姓名 参训人员姓名 教师 name 提交人
school          学校 学校名称 单位 所在学校 工作单位 所在单位 单位名称 任教学校 学校全称
                学校单位 学校园 schoolname 校名 所属学校 所属单位
subject         学科 任教学科 所教学科 学科名称 任教科目 科目 任课学科
department      教研组 所在教研组 学科组 备课组 组别 所属教研组
stage           学段 任教学段 所在学段 学校学段 办学层次 学校类型
environment     应用环境 信息化环境 教学环境 信息化教学环境 所属环境 环境 信息化应用环境
competency      能力点 微能力点 微能力 能力点名称 能力点编号 所选能力点 competencycode
slot            证据 证据项 证据名称 证据编号 evidence 材料 材料名称 提交项 证据项名称 证据材料
file            文件 文件名 文件路径 文件名称 证据文件 路径 附件 filename path
location        存放位置 存放地址 视频地址 存储位置 视频存放位置 网盘地址 链接
duration_s      时长 视频时长 时长秒 播放时长 duration
width           宽 宽度 画面宽度 视频宽度
height          高 高度 画面高度 视频高度
codec           编码 视频编码 编码格式
recorded_at     录制时间 拍摄时间 录制日期 拍摄日期
device          设备 录制设备 拍摄设备
sha256          校验值 文件校验值 sha-256 哈希值 校验码
submitted_at    提交时间 提交日期 上传时间 上传日期 submitted
id_number       身份证号 身份证号码 证件号码 证件号 身份证 公民身份号码 身份证件号 身份证件号码
                居民身份证号 idcard
doubt           疑问 存疑 待确认
gender          性别
title           职称 专业技术职务 职称级别 技术职称
phone           电话 手机 手机号 手机号码 联系电话 联系方式 电话号码 移动电话
hours_online    网络研修学时 线上学时 网络学时 在线学时 线上研修学时 网络研修 线上学习学时
                在线学习学时 网络课程学时 学时网络研修
hours_practice  实践学时 校本实践学时 实践应用学时 校本应用学时 线下学时 校本研修学时 校本实践
                实践应用 线下实践学时 校本应用实践学时
online_passed   线上研修是否合格 线上研修成绩 网络研修成绩 网络研修是否合格 线上成绩
                线上学习是否合格 线上研修合格 线上研修结果 网络研修结果 线上是否合格
                网络研修考核 线上考核结果 在线学习成绩 研修成绩 是否通过线上研修
choice_1        能力点1 微能力点1 所选能力点1 选择能力点1 第1个能力点 能力点之1 微能力1
choice_2        能力点2 微能力点2 所选能力点2 选择能力点2 第2个能力点 能力点之2 微能力2
choice_3        能力点3 微能力点3 所选能力点3 选择能力点3 第3个能力点 能力点之3 微能力3
choices         能力点 所选能力点 选择的能力点 选报能力点 选学能力点 参评能力点 选择能力点
                微能力点 competencies
rater           评审员 评审员编号 评委 评委编号 专家编号 评审人 评阅人 评阅员 raterid reviewer
rater_id        评审员编号 评委编号 专家编号 评审编号 编号 工号 账号
rater_name      姓名 评审员姓名 评委姓名 专家姓名 评审员 评委 name reviewer 专家
roles           角色 承担角色 评审角色 身份 职责 role 评审职责
relations       关系 回避 回避对象 回避教师 利害关系 亲属关系 师徒关系 回避关系 需回避教师
                回避人员
cluster         学区 片区 联片 联片学区 教育集团 所属学区 所在学区 乡镇
school_id       学校编号 学校代码 单位代码 学校标识码 机构代码
criterion       指标 指标编号 评价指标 评审指标 量规指标 指标代码 criterionid
met             打点 是否达到 达到 打点结果 达成 是否达成 评判 mark 达到情况
round           轮次 评阅轮次 评审轮次 评审阶段 评阅阶段 阶段
opened_at       打开时间 开始时间 评阅开始时间 opened
comment         评语 意见 说明 评审意见 备注 理由 评阅意见 comments
unit            单元 对象 被评对象 证据 作品 作品编号 评价对象 unitid
level           等级 评定等级 评价等级 结果 评级 rating 分数 得分
result          测评结果 结果 结论 测评结论 考核结果 等级 测评等级 认定结果 总评 测评总评
                总评结果 综合结果 校本应用考核结果 应用能力测评结果 总评等级
passed          是否合格 是否通过 是否通过测评 测评是否合格 是否达标
result_1        能力点1结果 能力点1等级 能力点1测评结果 能力点1测评等级 微能力点1结果
                能力点1结论 能力点1成绩 能力点1评价结果 结果1 等级1
result_2        能力点2结果 能力点2等级 能力点2测评结果 能力点2测评等级 微能力点2结果
                能力点2结论 能力点2成绩 能力点2评价结果 结果2 等级2
result_3        能力点3结果 能力点3等级 能力点3测评结果 能力点3测评等级 微能力点3结果
                能力点3结论 能力点3成绩 能力点3评价结果 结果3 等级3
"""

# Words that may stand before or after a header without changing what it asks for.
FILLER_BEFORE = tuple("请填写 填写 参训教师 参训 参评教师 参评 教师 学员 本人 现 所".split())
FILLER_AFTER = tuple("必填 选填 必填项 名称 全称 信息 内容 一栏 栏 情况".split())

# First words of rows that are no data.
TOTALS = frozenset("合计 小计 总计 共计 累计 总数 total subtotal sum".split())
REMARK_STARTS = tuple(
    """
    备注 说明 填表说明 填报说明 注 填表 填报 审核 制表 校长 单位盖章 盖章 单位负责人 负责人
    联系人 经办人 统计人 教育局
    """.split()
)


def _read_table() -> Mapping[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    key = ""
    for line in _TABLE.strip().splitlines():
        words = line.split()
        if not line.startswith(" "):
            key = words.pop(0)
        names.setdefault(key, []).extend(words)
    return MappingProxyType({key: tuple(listed) for key, listed in names.items()})


NAMES = _read_table()


def own_name(key: str) -> str:
    """Our own Chinese header of a key.

    Examples
    --------
    >>> own_name("teacher_name")
    '教师姓名'
    """
    return NAMES[key][0]
