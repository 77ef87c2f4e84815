"""Welsh and English as equals: no text of the console lacks either, and no code lacks words."""

import re
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import hub.console
from contracts.access import Act
from contracts.topics import Family
from hub.console.pages import coded
from hub.console.rights import Role
from hub.console.words.catalogue import CATALOGUE, speech
from hub.console.words.names import ACTS, FAMILIES, ROLES

FOLDER = Path(hub.console.__file__).parent
SAME_IN_BOTH = {"Hash", "%(number)s ms"}


def texts() -> set[str | tuple[str, ...]]:
    """Every text that a template or a module says."""
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
    keywords: Any = {"_": None, "N_": None, "say": None, "self": None, "ngettext": (1, 2)}
    return {found[2] for found in extract_from_dir(FOLDER, methods, {}, keywords=keywords)}


def catalogue() -> Any:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="cy")


def test_no_text_lacks_welsh() -> None:
    welsh = catalogue()
    missing = []
    assert len(texts()) > 250
    for text in texts():
        message = welsh.get(text)
        said = message.string if message is not None else ""
        lacks = message is None or message.fuzzy or not said or (isinstance(said, tuple) and not all(said))
        if lacks or (said == text and text not in SAME_IN_BOTH):
            missing.append(text)
    assert missing == []


def test_the_catalogue_has_nothing_that_is_said_nowhere() -> None:
    said = {text if isinstance(text, str) else text[0] for text in texts()}
    assert [m.id for m in catalogue() if m.id and (m.id if isinstance(m.id, str) else m.id[0]) not in said] == []


def test_both_languages_have_the_same_gaps_to_fill() -> None:
    def gaps(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s", text))

    for message in catalogue():
        english = message.id if isinstance(message.id, str) else message.id[0]
        for welsh in message.string if isinstance(message.string, tuple) else (message.string,):
            assert not english or gaps(english) == gaps(welsh), english


def test_templates_say_nothing_outside_the_catalogue() -> None:
    written = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}|<[^>]*>", re.DOTALL)
    attributes = {"find.html": {"aria", "invalid", "describedby", "problem", "true"}}  # of a macro
    for template in (FOLDER / "templates").glob("*.html"):
        if template.name == "welcome.html":  # both languages stand in it
            continue
        left = re.sub(r"&\w+;", "", written.sub(" ", template.read_text(encoding="utf-8")))
        assert set(re.findall(r"[^\W\d_]{2,}", left)) <= {"Dolen", "SHA"} | attributes.get(template.name, set())


def test_commands_are_set_as_code_and_nothing_else_of_a_text_is_markup() -> None:
    assert coded("Run `dolen <x>` & see") == "Run <code>dolen &lt;x&gt;</code> &amp; see"
    for file in (FOLDER / "templates").glob("*.html"):
        said = re.findall(r"{{.*?}}", file.read_text(encoding="utf-8"))
        assert [each for each in said if "`" in each and not each.startswith("{{ coded(")] == [], file.name


def test_every_role_act_and_family_has_words() -> None:
    assert set(ROLES) == set(Role)
    assert set(ACTS) == set(Act)
    assert set(FAMILIES) == set(Family)


def test_times_are_by_the_clocks_of_wales_and_ages_in_the_unit_that_a_person_would_say() -> None:
    summer = 1_782_000_000_000  # 2026-06-21T00:00:00Z
    assert speech("en").moment(summer) == "21 Jun 2026, 01:00:00"
    assert "Meh" in speech("cy").moment(summer)
    ages = [speech("en").age(ms) for ms in (900, 61_000, 119_999, 120_000, 3_700_000, 90_000_000, 700_000_000)]
    assert ages == ["900 ms", "61 s", "119 s", "2 min", "61 min", "25 h", "8 days"]
    assert speech("cy").many("%(number)s child", "%(number)s children", 1) == "1 plentyn"
    assert speech("cy").many("%(number)s child", "%(number)s children", 6) == "6 o blant"


def test_an_answer_on_another_day_is_said_with_its_date() -> None:
    late = 1_782_000_000_000 - 2 * 3_600_000  # 2026-06-20T22:00:00Z, 23:00 in Wales
    assert speech("en").later(late + 30 * 60_000, late) == "23:30"
    assert speech("en").later(late + 9 * 3_600_000, late) == "21 Jun, 08:00"
