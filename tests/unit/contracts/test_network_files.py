"""Network files: who takes part in one hub, and where a wrong file is wrong."""

from pathlib import Path

import pytest

from contracts.directory import Directory
from contracts.errors import NetworkRefused
from contracts.kinds import Kind
from contracts.network import Network
from contracts.toml_lines import line_of

NETWORKS = Path(__file__).parents[3] / "deploy" / "networks"
WALES = Directory.packaged()

GOOD = """\
name_en = "Cardiff"
name_cy = "Caerdydd"
lanes = 3

agencies = [  # ids of the directory
  "cardiff-social-services",  # the "owner"
  "south-wales-police",
]
schools_of = ["cardiff"]

[[organisation]]
id = "pont-y-plant"
kind = "third-sector"
name_en = "Pont y Plant (invented)"
name_cy = "Pont y Plant (dychmygol)"
"""


def load(folder: Path, text: str) -> Network:
    file = folder / "network.toml"
    file.write_text(text, encoding="utf-8")
    return Network.load(file, WALES)


def test_the_demos_network_is_one_boards_area() -> None:
    network = Network.load(NETWORKS / "cardiff-and-vale.toml", WALES)
    assert network.lanes == 6
    assert {kind for agency in network.agencies if (kind := network.kind_of(agency))} == set(Kind)
    assert sum(party.startswith("/schools/") for party in network.parties) == 126 + 55
    assert network.agencies[-1] == "schools"


def test_the_network_of_wales_is_everybody_in_the_directory() -> None:
    network = Network.load(NETWORKS / "wales.toml", WALES)
    assert set(network.agencies) == set(WALES.organisations)
    assert sum(party.startswith("/schools/") for party in network.parties) == 1473


def test_who_takes_part_is_named_by_uri(tmp_path: Path) -> None:
    network = load(tmp_path, GOOD)
    assert network.lanes == 3
    assert network.agencies == ("cardiff-social-services", "south-wales-police", "pont-y-plant", "schools")
    assert network.takes_part("/agencies/pont-y-plant")
    assert network.takes_part("/schools/6812003")
    assert not network.takes_part("/schools/6732008")
    assert not network.takes_part("/agencies/gwent-police")
    assert not network.takes_part("/agencies/schools")
    assert not network.takes_part("/hub")
    assert network.kind_of("pont-y-plant") is Kind.THIRD_SECTOR
    assert network.kind_of("gwent-police") is None


def test_a_network_without_schools_has_no_schools_agency(tmp_path: Path) -> None:
    assert "schools" not in load(tmp_path, GOOD.replace('schools_of = ["cardiff"]\n', "")).agencies


def test_lanes_are_six_where_the_file_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD.replace("lanes = 3\n", "")).lanes == 6


def test_the_version_changes_with_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).version == load(tmp_path, GOOD).version
    assert load(tmp_path, GOOD).version != load(tmp_path, GOOD + "\n# a remark\n").version


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('"south-wales-police"', '"atlantis-police"', 7),
        ('"south-wales-police"', '"cardiff-social-services"', 7),
        ('"south-wales-police"', '"schools"', 7),
        ('"south-wales-police"', '"South Wales"', 7),
        ('schools_of = ["cardiff"]', 'schools_of = ["atlantis"]', 9),
        ('schools_of = ["cardiff"]', 'schools_of = ["cardiff", "cardiff"]', 9),
        ('schools_of = ["cardiff"]', 'schools_off = ["cardiff"]', 9),
        ("lanes = 3", "lanes = 0", 3),
        ("lanes = 3", 'lanes = "3"', 3),
        ("lanes = 3", "lanes == 3", 3),
        ('id = "pont-y-plant"', 'id = "gwent-police"', 12),
        ('id = "pont-y-plant"', 'id = "hub"', 12),
        ('kind = "third-sector"', 'kind = "police"', 13),
        ('name_cy = "Pont y Plant (dychmygol)"\n', "", 11),
    ],
)
def test_a_wrong_network_is_refused_with_its_line_and_a_remedy(
    tmp_path: Path, before: str, after: str, line: int
) -> None:
    assert before in GOOD
    with pytest.raises(NetworkRefused) as caught:
        load(tmp_path, GOOD.replace(before, after))
    assert caught.value.line == line
    assert caught.value.remedy
    assert f"network.toml:{line}: " in str(caught.value)


def test_a_missing_name_is_the_whole_files(tmp_path: Path) -> None:
    with pytest.raises(NetworkRefused, match="name_cy") as caught:
        load(tmp_path, GOOD.replace('name_cy = "Caerdydd"\n', ""))
    assert caught.value.line is None


def test_a_file_that_is_not_there_or_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkRefused, match="can't be read"):
        Network.load(tmp_path / "none.toml", WALES)
    (tmp_path / "latin.toml").write_bytes(b'name_en = "\xe9"')
    with pytest.raises(NetworkRefused, match="UTF-8"):
        Network.load(tmp_path / "latin.toml", WALES)


def test_the_line_of_a_value_is_found_in_a_list_and_in_a_table() -> None:
    assert line_of(GOOD, ("agencies", 0)) == 6
    assert line_of(GOOD, ("agencies", 1)) == 7
    assert line_of(GOOD, ("organisation", 0, "kind")) == 13
    assert line_of(GOOD, ("nothing",)) is None
