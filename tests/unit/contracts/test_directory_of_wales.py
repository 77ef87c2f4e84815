"""The directory: who there is, how they belong together, and which lists of schools it takes."""

from pathlib import Path

import pytest

from contracts.directory import DATA, Directory
from contracts.errors import DirectoryRefused
from contracts.kinds import Kind
from contracts.school_list import COLUMNS, read_schools, write_schools

WALES = Directory.packaged()
HEADINGS = ",".join(COLUMNS)
ROW = "6812003,Adamsdown Primary,681,Primary,EM,CF24 0JF"


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "schools.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refused(file: Path) -> DirectoryRefused:
    with pytest.raises(DirectoryRefused) as caught:
        read_schools(file)
    return caught.value


def test_wales_has_its_authorities_forces_health_bodies_and_schools() -> None:
    kinds = [organisation.kind for organisation in WALES.organisations.values()]
    assert kinds.count(Kind.SOCIAL_SERVICES) == kinds.count(Kind.EDUCATION) == 22
    assert kinds.count(Kind.POLICE) == 4
    assert kinds.count(Kind.HEALTH) == 10
    assert len(WALES.boards) == 6
    assert len(WALES.schools) == 1473


def test_every_authority_has_its_police_health_board_board_and_education_desk() -> None:
    for area in WALES.areas:
        agency = area.social_services
        assert WALES.kind_of(agency) is Kind.SOCIAL_SERVICES
        assert WALES.kind_of(WALES.police_of(agency) or "") is Kind.POLICE
        assert WALES.kind_of(WALES.health_board_of(agency) or "") is Kind.HEALTH
        assert WALES.kind_of(WALES.education_of(agency) or "") is Kind.EDUCATION
        assert WALES.board_of(agency) in WALES.boards


@pytest.mark.parametrize(
    ("authority", "police", "health_board"),
    [
        ("cardiff", "south-wales-police", "cardiff-and-vale-health"),
        ("swansea", "south-wales-police", "swansea-bay-health"),
        ("powys", "dyfed-powys-police", "powys-health"),
        ("anglesey", "north-wales-police", "betsi-cadwaladr-health"),
        ("torfaen", "gwent-police", "aneurin-bevan-health"),
    ],
)
def test_who_is_responsible_where(authority: str, police: str, health_board: str) -> None:
    agency = f"{authority}-social-services"
    assert (WALES.police_of(agency), WALES.health_board_of(agency)) == (police, health_board)


def test_swansea_bay_and_powys_have_their_own_codes_and_not_each_others() -> None:
    assert WALES.organisations["swansea-bay-health"].code == "7A3"
    assert WALES.organisations["powys-health"].code == "7A7"


def test_every_school_has_social_services_and_an_education_desk() -> None:
    for number in WALES.schools:
        assert WALES.social_services_of_school(number) in WALES.organisations
        assert WALES.education_of_school(number) in WALES.organisations
    assert WALES.social_services_of_school("6602130") == "anglesey-social-services"


@pytest.mark.parametrize("agency", ["south-wales-police", "schools", "cardiff", "nobody", ""])
def test_relations_of_what_is_no_authority_are_nobody(agency: str) -> None:
    assert WALES.police_of(agency) is None
    assert WALES.health_board_of(agency) is None
    assert WALES.education_of(agency) is None


def test_a_school_that_there_is_not_belongs_to_nobody() -> None:
    assert WALES.social_services_of_school("6819999") is None
    assert WALES.education_of_school("6819999") is None


def test_parties_are_known_by_their_uris() -> None:
    assert WALES.knows("/agencies/cardiff-social-services")
    assert WALES.knows("/schools/6812003")
    assert not WALES.knows("/schools/6819999")
    assert not WALES.knows("/agencies/atlantis-police")
    assert not WALES.knows("/agencies/schools")
    assert not WALES.knows("/hub")


def test_every_organisation_has_its_name_in_both_languages() -> None:
    assert all(organisation.name_en and organisation.name_cy for organisation in WALES.organisations.values())


def test_not_applicable_is_a_language_medium_and_not_a_gap() -> None:
    assert WALES.schools["6811003"].language_medium == "NA"


def test_the_packaged_lists_name_their_source_and_licence() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert "Open Government Licence v3.0" in text
    assert "Welsh Government" in text


def test_the_version_is_that_of_the_lists_bytes(tmp_path: Path) -> None:
    one = Directory.load(schools_csv=written(tmp_path, f"{HEADINGS}\n{ROW}\n"))
    other = Directory.load(schools_csv=written(tmp_path, f"{HEADINGS}\n{ROW}".replace("Primary,EM", "Primary,WM")))
    assert len({one.version, other.version, WALES.version}) == 3
    assert WALES.version == Directory.load().version
    assert len(WALES.version) == 16


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_official_list_is_taken_as_published(tmp_path: Path, encoding: str) -> None:
    """More columns, in another order, quoted, with blank lines, in the encodings that spreadsheets write."""
    text = (
        "LA Name,School Number,School Name,LA Code,Welsh Medium Type,WM Code,Sector,Address 1,Postcode,Phone Number\r\n"
        '"Wrexham",6651007,"Ysgol Cae’r Gwenyn",665,"Not applicable","NA","Nursery",'
        '"Stryd, Wrecsam",LL13 8TH,01978 000000\r\n'
        ",,,,,,,,,\r\n"
        '"Cardiff","6812003","Adamsdown Primary","681","English medium","EM","Primary","x\r\ny","CF24 0JF",""\r\n'
    )
    schools = read_schools(written(tmp_path, text.encode(encoding)))
    assert [school.number for school in schools] == ["6651007", "6812003"]
    assert schools[0].name == "Ysgol Cae’r Gwenyn"
    assert schools[0].language_medium == "NA"


def test_what_was_taken_is_written_as_the_packaged_list_is() -> None:
    assert write_schools(read_schools(DATA / "schools.csv")) == (DATA / "schools.csv").read_bytes()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f"{HEADINGS.replace('Postcode', 'Post')}\n{ROW}\n", 1, "Postcode"),
        (f"{HEADINGS}\n{ROW}\n681200,Short,681,Primary,EM,CF24 0JF\n", 3, "School Number"),
        (f"{HEADINGS}\n8012003,Bristol,801,Primary,EM,BS1 1AA\n", 2, "School Number"),
        (f"{HEADINGS}\n6812003,Elsewhere,673,Primary,EM,CF24 0JF\n", 2, "LA Code"),
        (f"{HEADINGS}\n6812003,,681,Primary,EM,CF24 0JF\n", 2, "School Name"),
        (f"{HEADINGS}\n6812003,A\x07B,681,Primary,EM,CF24 0JF\n", 2, "School Name"),
        (f"{HEADINGS}\n6812003,A,681,Primary,,CF24 0JF\n", 2, "WM Code"),
        (f"{HEADINGS}\n6812003,A,681,Primary,EM,Cardiff\n", 2, "Postcode"),
        (f"{HEADINGS}\n{ROW}\n\n{ROW}\n", 4, "line 2"),
        (f"{HEADINGS}\n6812003,A\n", 2, "fewer cells"),
        (f'{HEADINGS}\n6812003,"A"B,681,Primary,EM,CF24 0JF\n', 2, "not CSV"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_a_remedy(tmp_path: Path, text: str, line: int, said: str) -> None:
    error = refused(written(tmp_path, text))
    assert error.line == line
    assert said in error.rule
    assert error.remedy
    assert str(error).startswith(f"{tmp_path / 'schools.csv'}:{line}: ")


def test_a_list_without_schools_is_refused(tmp_path: Path) -> None:
    assert "no schools" in refused(written(tmp_path, f"{HEADINGS}\n")).rule
    assert "no schools" in refused(written(tmp_path, "")).rule


def test_a_list_in_an_unknown_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refused(written(tmp_path, f"{HEADINGS}\n".encode() + b"6812003,\x81\xff,681\n")).line == 2


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "can't be read" in refused(tmp_path / "none.csv").rule
