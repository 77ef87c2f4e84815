"""What a draft of the policy would change for one event: who is told besides, who no longer, who sees other things."""

import pytest

from hub.observe.labels import DIFFERENCES, REASONS
from hub.observe.policy_diff import NOT_LISTED, Both, Change, What, both_policies
from hub.policy_file import PACKAGED, Policy
from hub.policy_text import PolicyRefused
from tests.unit.policy_cases import DIRECTORY, NETWORK, OTHER_SCHOOL, POLICY, SCHOOL, TODAY, document, parsed

NOTICES = "rules/notices.toml"
NOTICE = parsed(document("notices.domestic-abuse-incident"))
TYPE = NOTICE.type
RULE = "notices.toml#incident-to-school"


def read(name: str) -> str:
    return (PACKAGED / name).read_text(encoding="utf-8")


def drafted(name: str, was: str, would: str) -> Both:
    """Read the notice with one word of a file of the policy changed."""
    assert was in read(name)
    draft = Policy.load(DIRECTORY, drafted={name: read(name).replace(was, would, 1)})
    return both_policies(NOTICE, POLICY, draft, directory=DIRECTORY, network=NETWORK, on=TODAY)


def test_the_policy_in_force_as_a_draft_changes_nothing() -> None:
    same = Policy.load(DIRECTORY, drafted={NOTICES: read(NOTICES)})
    assert same.version == POLICY.version
    both = both_policies(NOTICE, POLICY, same, directory=DIRECTORY, network=NETWORK, on=TODAY)
    assert (both.told_today, both.told_by_draft, both.changes) == (2, 2, [])


def test_a_rule_that_names_another_tells_some_and_others_no_longer() -> None:
    was = read(NOTICES).split("[[rule]]")[1]
    would = was.replace("school-of-child", "education-desk-of-child").replace("school-notice", "education-desk-notice")
    both = drafted(NOTICES, was, would)
    no_longer = [change for change in both.changes if change.what is What.NO_LONGER]
    assert no_longer == [
        Change(What.NO_LONGER, TYPE, school, "school-notice", "", RULE, NOT_LISTED) for school in (SCHOOL, OTHER_SCHOOL)
    ]
    assert both.told_today - both.told_by_draft == len(no_longer)


def test_an_agreement_that_lapses_says_so() -> None:
    before, after = read("agreements.toml").split('id = "DDA-CP-05"')
    ended = f'{before}id = "DDA-CP-05"{after.replace("ends = 2030", "ends = 2025", 1)}'
    draft = Policy.load(DIRECTORY, drafted={"agreements.toml": ended})
    both = both_policies(NOTICE, POLICY, draft, directory=DIRECTORY, network=NETWORK, on=TODAY)
    assert {(change.what, change.reason) for change in both.changes} == {(What.NO_LONGER, "agreement-lapsed")}
    back = both_policies(NOTICE, draft, POLICY, directory=DIRECTORY, network=NETWORK, on=TODAY)
    assert {(change.what, change.before, change.after) for change in back.changes} == {(What.TOLD, "", "school-notice")}


def test_another_view_and_the_same_view_that_shows_something_else_are_told_apart() -> None:
    another = drafted(NOTICES, 'view = "school-notice"', 'view = "of-kind"')
    assert {(change.what, change.before, change.after) for change in another.changes} == {
        (What.VIEW, "school-notice", "school")
    }
    views = read("views.toml")
    own = views.split('id = "school-notice"')[1]
    title = next(line for line in own.splitlines() if line.startswith("title_en"))
    otherwise = drafted("views.toml", title, 'title_en = "Otherwise"')
    assert {change.what for change in otherwise.changes} == {What.CONTENT}


def test_a_draft_that_does_not_hold_together_is_refused_with_file_and_line() -> None:
    with pytest.raises(PolicyRefused) as refused:
        drafted(NOTICES, 'view = "school-notice"', 'view = "no-such-view"')
    assert refused.value.file.name == "notices.toml"
    assert refused.value.line == 9
    assert refused.value.remedy


def test_every_difference_is_explained_to_readers_in_both_languages() -> None:
    assert set(DIFFERENCES) == set(What)
    assert NOT_LISTED in REASONS
