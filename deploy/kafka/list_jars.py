"""Prints hub/local/kafka-jars.toml: the jars that Apache Kafka is, with their SHA-256. `deploy/lock` runs it."""

import hashlib
import sys
import tempfile
from pathlib import Path

from jgo.maven import MavenContext, PythonResolver

LOGGING = "org.slf4j:slf4j-simple"
"""Without one, a broker that fails says nothing."""


def main(version: str) -> None:
    """Resolve Kafka's broker with all that it loads."""
    with tempfile.TemporaryDirectory() as cache:
        context = MavenContext(resolver=PythonResolver(), repo_cache=Path(cache), local_repos=[], timeout=60)
        roots = [context.create_dependency(f"org.apache.kafka:kafka_2.13:{version}")]
        kafka, others = context.resolver.resolve(roots)
        needed = [each for each in (*kafka, *others) if each.scope not in ("test", "provided")]
        api = next(each.version for each in needed if each.artifactId == "slf4j-api")
        needed.append(context.create_dependency(f"{LOGGING}:{api}"))
        jars = {f"{each.groupId}:{each.artifactId}:{each.version}": each.artifact.resolve() for each in needed}
        lines = [
            "# Apache Kafka and all that it loads: written by `deploy/lock`, compared at every start.",
            f'kafka = "{version}"',
        ]
        for coordinates, path in sorted(jars.items()):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            lines += ["", "[[jar]]", f'coordinates = "{coordinates}"', f'sha256 = "{digest}"']
            lines += [f"bytes = {len(content)}"]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
