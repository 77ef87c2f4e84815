"""Which policies are refused, where, and what the remedy says."""

import shutil

import pytest

from contracts.directory import Directory
from contracts.kinds import Kind
from contracts.registry import REGISTRY
from contracts.topics import Family
from hub.errors import StartRefused
from hub.policy_file import PACKAGED, Policy
from hub.policy_text import PolicyRefused
from hub.relations import RELATIONS

DIRECTORY = Directory.packaged()
FIRST_RULE = 'id = "report-to-authority"'


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(PACKAGED, tmp_path / "policy")


def put(folder, file, old, new):
    """Change a file's first `old` to `new`, and say on which line."""
    path = folder / file
    before, found, after = path.read_text(encoding="utf-8").partition(old)
    assert found, f"{file} has no {old!r}"
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


def refusal(folder):
    with pytest.raises(PolicyRefused) as caught:
        Policy.load(DIRECTORY, folder)
    return caught.value


def test_the_packaged_policy_holds_together():
    policy = Policy.load(DIRECTORY)
    assert set(policy.types) == {name for name, kind in REGISTRY.items() if kind.publishers}
    assert all(listed.rules for listed in policy.types.values())


def test_the_version_is_of_the_files_bytes_and_nothing_else(folder):
    assert Policy.load(DIRECTORY, folder).version == Policy.load(DIRECTORY).version
    put(folder, "views.toml", "# What each recipient sees", "# What a recipient sees")
    changed = Policy.load(DIRECTORY, folder).version
    assert changed != Policy.load(DIRECTORY).version
    assert len(changed) == 16


def test_a_refused_policy_stops_the_start():
    assert issubclass(PolicyRefused, StartRefused)


UNKNOWN = [
    ("rules/referrals.toml", 'type = "submitted.v1"', 'type = "submited.v1"', 'no type "submited.v1"', "submitted.v1"),
    ("rules/referrals.toml", 'type = "submitted.v1"', 'type = "held.v1"', 'no type "held.v1"', "There are:"),
    (
        "rules/referrals.toml",
        'tell = "responsible-authority"',
        'tell = "responsible-autority"',
        'no relation "responsible-autority"',
        "responsible-authority",
    ),
    (
        "rules/referrals.toml",
        'tell = "responsible-authority"',
        'tell = "agency:cardif-social-services"',
        'no agency "cardif-social-services"',
        "cardiff-social-services",
    ),
    ("rules/referrals.toml", 'basis = "sswba-2014-s130"', 'basis = "sswba-s130"', "no basis", "sswba-2014-s130"),
    ("rules/referrals.toml", 'agreement = "ISP-CP-01"', 'agreement = "ISP-CP-99"', "no agreement", "ISP-CP-0"),
    ("rules/referrals.toml", 'view = "social-services"', 'view = "social-service"', "no view", "social-services"),
    (
        "rules/referrals.toml",
        'when = "data.possible_crime"',
        'when = "data.possibly_crime"',
        "yes-or-no field",
        "contracts/events",
    ),
    ("rules/referrals.toml", 'when = "data.possible_crime"', 'when = "data.referrer"', "yes-or-no", "contracts/events"),
    ("rules/strategy-discussions.toml", 'own = ["data.copies"]', 'own = ["data.copys"]', "no field", "without list"),
    (
        "rules/strategy-discussions.toml",
        'own = ["data.copies"]',
        'withhold = ["data.children.child.names.given.x"]',
        "no field",
        "from data down",
    ),
    ("rules/referrals.toml", 'kinds = ["schools"]', 'kinds = ["school"]', 'seen: "school"', "packaged"),
    ("rules/circumstances.toml", 'unless = ["shielded"]', 'unless = ["hidden"]', 'seen: "hidden"', "packaged"),
    ("views.toml", 'hide_when_shielded = ["address"]', 'hide_when_shielded = ["adress"]', 'seen: "adress"', "packaged"),
    ("views.toml", 'withhold = ["data.participants"]', 'withhold = ["data.participant"]', "no field", "from data down"),
    ("views.toml", '"categories_may_be_shared_with_school" }', '"consent" }', "no field", "alone"),
    ("agreements.toml", 'parties = ["social-services"', 'parties = ["social-service"', "parties", "packaged"),
    (
        "agreements.toml",
        '"ca-1989-s47", "ca-2004-s28"]',
        '"ca-1989", "ca-2004-s28"]',
        'no basis "ca-1989"',
        "ca-1989-s47",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "rule", "remedy"), UNKNOWN)
def test_what_there_is_not_is_refused_with_file_line_and_remedy(folder, file, old, new, rule, remedy):
    line = put(folder, file, old, new) + new.count("\n")
    refused = refusal(folder)
    assert refused.file == folder / file
    assert refused.line == line
    assert rule in refused.rule
    assert remedy in refused.remedy
    assert str(refused).startswith(f"{refused.file}:{line}: ")


WRONG = [
    ("rules/referrals.toml", 'id = "possible-crime-to-police"', FIRST_RULE, "there twice"),
    ("rules/strategy-discussions.toml", 'id = "strategy-to-police"', FIRST_RULE, "there twice"),
    ("views.toml", 'id = "police-investigating"', 'id = "police"', "there twice"),
    ("bases.toml", 'id = "ca-2004-s25"', 'id = "ca-1989-s47"', "there twice"),
    ("agreements.toml", 'id = "ISP-CP-02"', 'id = "ISP-CP-01"', "there twice"),
    ("agreements.toml", "ends = 2030-08-31", "ends = 2020-08-31", "ends before it starts"),
    ("rules/referrals.toml", 'tell = "responsible-authority"', 'tell = "new-school"', "names nobody in"),
    ("rules/referrals.toml", 'view = "social-services"', 'view = "health"', "may not be given to social-services"),
    ("rules/referrals.toml", 'basis = "sswba-2014-s130"', 'basis = "ea-2002-s175"', "does not rest on"),
    ("rules/notices.toml", 'tell = "school-of-child"', 'tell = "police-of-area"', "may not be given to police"),
    ("rules/receipts.toml", 'agreement = "JCA-CP-06"', 'agreement = "DDA-CP-05"', "does not rest on"),
    ("rules/receipts.toml", 'type = ["delivered.v1"', 'type = ["accepted.v1"', "the hub alone sends"),
    ("rules/enquiries.toml", 'view = "school"', 'view = "previous-school"', "children of others"),
    ("rules/referrals.toml", 'kinds = ["schools"]', 'kinds = ["schools"]\ntel = "x"', "tel: "),
    ("views.toml", "of_kind = true", "of_kind = true\nown_roll = true", "schools and education alone"),
    ("views.toml", 'for = ["police"]\nshows', 'for = ["police"]\nof_kind = true\nshows', "of_kind for the same kind"),
    ("rules/referrals.toml", "[[rule]]", "[[rule]", "is not TOML"),
]


@pytest.mark.parametrize(("file", "old", "new", "rule"), WRONG)
def test_what_does_not_hold_together_is_refused_with_file_line_and_remedy(folder, file, old, new, rule):
    line = put(folder, file, old, new)
    refused = refusal(folder)
    assert rule in refused.rule
    assert refused.file == folder / file
    assert refused.line is not None
    assert line - 1 <= refused.line <= line + new.count("\n") + 3
    assert refused.remedy.endswith((".", "?"))


def test_an_agreement_that_sender_or_recipient_did_not_sign_is_refused(folder):
    line = put(folder, "agreements.toml", '["police", "schools", "education"]', '["schools", "education"]')
    refused = refusal(folder)
    assert refused.file.name == "notices.toml"
    assert "DDA-CP-05 is not signed by police" in refused.rule
    assert line


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_without_a_view_of_its_own_is_refused(folder, kind):
    path = folder / "views.toml"
    rows = path.read_text(encoding="utf-8").split("[[view]]")
    kept = [row.replace("of_kind = true\n", "") if f'for = ["{kind}"]' in row else row for row in rows]
    path.write_text("[[view]]".join(kept), encoding="utf-8")
    assert f"no view is of_kind for {kind}" in refusal(folder).rule


@pytest.mark.parametrize("family", list(Family))
def test_a_type_that_nobody_is_told_of_is_refused(folder, family):
    (folder / "rules" / f"{family}.toml").unlink()
    refused = refusal(folder)
    assert refused.file.name == f"{family}.toml"
    assert "no rule for" in refused.rule


@pytest.mark.parametrize("file", ["bases.toml", "agreements.toml", "views.toml"])
def test_a_missing_file_is_refused_by_name(folder, file):
    (folder / file).unlink()
    refused = refusal(folder)
    assert refused.file.name == file
    assert "lacks this file" in refused.rule


def test_a_rules_file_of_no_family_is_refused(folder):
    (folder / "rules" / "referals.toml").write_text("", encoding="utf-8")
    assert "no family" in refusal(folder).rule


def test_a_file_that_is_not_utf8_is_refused(folder):
    (folder / "views.toml").write_bytes(b"\xff\xfe")
    assert "can't be read" in refusal(folder).rule


def test_an_empty_folder_is_refused(tmp_path):
    assert "lacks this file" in refusal(tmp_path).rule


def test_a_rule_may_name_one_agency_of_the_directory(folder):
    put(folder, "rules/referrals.toml", 'tell = "responsible-authority"', 'tell = "agency:cardiff-social-services"')
    rule = Policy.load(DIRECTORY, folder).types["wales.child-protection.referrals.submitted.v1"].rules[0]
    assert rule.relation.parties(None) == ("/agencies/cardiff-social-services",)


def test_a_rule_that_withholds_a_field_has_a_view_of_its_own(folder):
    put(folder, "rules/referrals.toml", 'view = "police-investigating"', 'view = "police"\nwithhold = ["data.contact"]')
    policy = Policy.load(DIRECTORY, folder)
    cut = policy.views["police--possible-crime-to-police"]
    assert cut.withhold == ("data.contact",)
    assert cut.shows == policy.views["police"].shows
    assert not cut.of_kind


def test_every_relation_says_what_it_means():
    assert all(relation.title for relation in RELATIONS.values())


def test_every_rule_says_why():
    policy = Policy.load(DIRECTORY)
    assert all(
        rule.why.endswith(".") or rule.why.endswith(")") for listed in policy.types.values() for rule in listed.rules
    )
