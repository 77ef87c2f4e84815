"""Decides which jars Apache Kafka is: those of the committed list, fetched once, checked by SHA-256 at every start."""

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from hub.local.errors import DiskFull, JarCorrupt, NoNetwork

LIST = Path(__file__).with_name("kafka-jars.toml")
Progress = Callable[[int], None]
"""Told the number of bytes that have arrived."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the list."""

    coordinates: str
    """`group:artifact:version`."""
    sha256: str
    bytes: int

    @property
    def file(self) -> str:
        """Its file name, as Maven names it."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


@cache
def listed() -> tuple[str, tuple[Jar, ...]]:
    """Kafka's version and its jars."""
    content = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return content["kafka"], tuple(Jar(**jar) for jar in content["jar"])


def cache_directory() -> Path:
    """Where jars are kept for every checkout of this user."""
    base = os.environ.get("XDG_CACHE_HOME")
    version, _ = listed()
    return (Path(base) if base else Path.home() / ".cache") / "dolen" / f"kafka-{version}"


def missing(directory: Path) -> list[Jar]:
    """Jars that still have to be fetched: absent, or not what the list says."""
    return [jar for jar in listed()[1] if not _sound(directory / jar.file, jar)]


def fetch(jars: Sequence[Jar], directory: Path, *, progress: Progress | None = None) -> None:
    """Fetch `jars` into `directory`; raises NoNetwork, DiskFull or JarCorrupt and then leaves no half a file."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".arriving-") as arriving:
        try:
            _by_jgo(jars, Path(arriving), progress)
        except (OSError, RuntimeError) as failure:
            _refuse_full_disk(directory, jars)
            if not _by_maven(jars, Path(arriving)):
                raise _no_network(directory, jars, type(failure).__name__) from failure
        for jar in jars:
            _take(jar, next(Path(arriving).rglob(jar.file)), directory)


def class_path(directory: Path) -> str:
    """The class path: exactly the listed jars, whatever else lies there."""
    return os.pathsep.join(str(directory / jar.file) for jar in listed()[1])


def _sound(path: Path, jar: Jar) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def _take(jar: Jar, arrived: Path, directory: Path) -> None:
    if not _sound(arrived, jar):
        raise JarCorrupt(
            f"{jar.coordinates} as it arrived is not the jar that {LIST.name} names (SHA-256 differs); it was not kept",
            remedy="try again; if it stays so, something between this machine and Maven Central changes files: "
            f"copy {directory} from a machine where it works",
        )
    arrived.replace(directory / jar.file)


def _by_jgo(jars: Sequence[Jar], arriving: Path, progress: Progress | None) -> None:
    """jgo's resolver in pure Python; the list names every jar, so no POM has to be read."""
    from jgo.maven import MavenContext, PythonResolver  # here: the extra `local` alone needs it

    @contextmanager
    def report(name: str, total: int) -> Iterator[Progress]:
        yield progress or (lambda count: None)

    context = MavenContext(
        resolver=PythonResolver(progress_callback=report), repo_cache=arriving, local_repos=[], timeout=30
    )

    def one(jar: Jar) -> None:
        context.create_dependency(jar.coordinates).artifact.resolve()

    with _system_certificates(), ThreadPoolExecutor(4) as pool:
        for _ in pool.map(one, jars):
            pass


@contextmanager
def _system_certificates() -> Iterator[None]:
    """Trust what the machine trusts: requests asks certifi alone, which no organisation's own proxy is in."""
    paths = ssl.get_default_verify_paths()
    system = paths.cafile or paths.capath
    if system is None or "REQUESTS_CA_BUNDLE" in os.environ:
        yield
        return
    os.environ["REQUESTS_CA_BUNDLE"] = system
    try:
        yield
    finally:
        del os.environ["REQUESTS_CA_BUNDLE"]


def _by_maven(jars: Sequence[Jar], arriving: Path) -> bool:
    """Maven, where there is one: its settings may know a mirror or proxy that leads out of a closed network."""
    program = shutil.which("mvn")
    if program is None:
        return False
    pom = arriving / "pom.xml"
    pom.write_text(_pom(jars), encoding="utf-8")
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={arriving / 'copied'}"]
    return (
        subprocess.run([program, "-q", "-B", "-f", str(pom), *goal], capture_output=True, check=False).returncode == 0
    )


def _pom(jars: Sequence[Jar]) -> str:
    alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    dependencies = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>{}</dependency>".format(
            *map(escape, jar.coordinates.split(":")), alone
        )
        for jar in jars
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>wales.dolen</groupId><artifactId>kafka</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )


def _refuse_full_disk(directory: Path, jars: Sequence[Jar]) -> None:
    needed = 2 * sum(jar.bytes for jar in jars)
    if shutil.disk_usage(directory).free < needed:
        raise DiskFull(
            f"{directory} has no room for Kafka's jars ({needed / 1e6:.0f} MB)",
            remedy="make room there, or set XDG_CACHE_HOME to a directory on another disk",
        )


def _no_network(directory: Path, jars: Sequence[Jar], failure: str) -> NoNetwork:
    return NoNetwork(
        f"Kafka's jars have to be fetched from Maven Central once ({sum(jar.bytes for jar in jars) / 1e6:.0f} MB), "
        f"and it can't be reached ({failure})",
        remedy=f"connect to the network (a proxy goes into HTTPS_PROXY), or copy {directory} from a machine that has "
        "it, or name a Kafka of yours in DOLEN_KAFKA__BOOTSTRAP_SERVERS",
    )
