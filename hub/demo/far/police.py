"""A force's records system: it drops notices as files, and finds what it is told as files."""

import os
from collections.abc import Sequence

from adapters.police.far import notice_of, xml_of
from adapters.police.inbound import reference_of
from hub.demo.far.place import Place
from hub.demo.far.system import Said


class RecordsSystem:
    """Two directories."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._drop, self._out = place.folder / "drop", place.folder / "out"

    def prepare(self) -> None:
        """Make the directories."""
        for directory in (self._drop, self._out):
            directory.mkdir(parents=True)
        self.place.write({"drop": str(self._drop), "out": str(self._out), "settle_s": 0, "poll_s": 0.1})

    def say(self, event: Said) -> str:
        """Drop a notice, under its name once it is whole."""
        notice = notice_of(event, force=self.place.agency)
        name = f"{notice.notice_reference}-{notice.notice_version}.xml"
        (self._drop / f"{name}.part").write_bytes(xml_of(notice))
        os.rename(self._drop / f"{name}.part", self._drop / name)
        return reference_of(notice)

    def look(self) -> None:
        """Nothing: files come by themselves."""

    def has(self) -> Sequence[str]:
        """The files' names."""
        files = sorted(self._out.glob("*.xml"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem for path in files]
