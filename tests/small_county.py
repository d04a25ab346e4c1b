"""The policy of a small invented county: no hours, no choice and no environments stand in the way."""

POLICY = """
[pack]
id = "test-county"
name_zh = "示例县"
name_en = "Example county"
[rule.choice]
points_required = { value = 1, unit = "competencies", source = "test" }
[rule.hours]
total_min = { value = 0, unit = "hours", source = "test" }
practice_min = { value = 0, unit = "hours", source = "test" }
practice_share_min = { value = 0.0, unit = "share", source = "test" }
[rule.environments]
cross_environment = { value = "any", unit = "choice", source = "test" }
"""
CERTIFIES_UNSEEN = """
[rule.hold]
look_before_certification = { value = false, unit = "yes-no", source = "test" }
"""
"""Results without a case are certified without anybody's look."""
