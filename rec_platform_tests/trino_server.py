"""A Trino server on this machine: the engine whose dialect Athena speaks.

Maven fetches it once. Only the core and the Hive plugin are fetched: the whole distribution is a
gigabyte, and not every mirror of Maven's registry carries it. What runs on it does not belong here.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 435  # of the time of Athena's engine version 3, and the last but one on Java 17
START_SECONDS = 120
FETCH_SECONDS = 900
STOP_SECONDS = 20
LOG_LINES = 40

DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
# Trino's own list of versions is imported, so that the libraries are those of its distribution.
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rec_platform</groupId>
  <artifactId>trino</artifactId>
  <version>1</version>
  <dependencyManagement>
    <dependencies>
      <dependency>
        <groupId>io.trino</groupId>
        <artifactId>trino-root</artifactId>
        <version>{VERSION}</version>
        <type>pom</type>
        <scope>import</scope>
      </dependency>
    </dependencies>
  </dependencyManagement>
  <dependencies>
    <dependency>
      <groupId>io.trino</groupId>
      <artifactId>trino-main</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
# What the distribution's own main class does, which is not in the core.
START = f"""class Start {{
    public static void main(String[] arguments) {{
        new io.trino.server.Server().start("{VERSION}");
    }}
}}
"""
# The Hive connector over the local files of one folder, with no Hadoop between them.
LOCAL_HIVE = """
import io.trino.filesystem.local.LocalFileSystemFactory;
import io.trino.plugin.hive.InternalHiveConnectorFactory;
import io.trino.spi.Plugin;
import io.trino.spi.connector.*;
import java.nio.file.Path;
import java.util.*;

public class LocalHive implements Plugin, ConnectorFactory {
    public Iterable<ConnectorFactory> getConnectorFactories() {
        return List.of(this);
    }

    public String getName() {
        return "local_hive";
    }

    public Connector create(String name, Map<String, String> given, ConnectorContext context) {
        Map<String, String> config = new HashMap<>(given);
        Path root = Path.of(config.remove("root"));
        return InternalHiveConnectorFactory.createConnector(
            name, config, context, binder -> {}, Optional.empty(),
            Optional.of(new LocalFileSystemFactory(root)), Optional.empty());
    }
}
"""


class NoTrinoError(Exception):
    """Trino cannot be had on this machine; the text says why."""


@dataclass(frozen=True)
class Trino:
    """A server that answers.

    Attributes:
        port: of its HTTP interface, on 127.0.0.1.
        folder: all that it sees, as `local:///`. Its own tables are in tables/schema/table.
    """

    port: int
    folder: Path

    def execute(self, statement: str, schema: str | None = None) -> list[list[Any]]:
        """All rows that a statement gives."""
        from trino.dbapi import connect

        with connect(
            host="127.0.0.1", port=self.port, user="test", catalog="hive", schema=schema
        ) as connection:
            return connection.cursor().execute(statement).fetchall()


def home() -> Path:
    """The folder with Trino's libraries, fetched where it is not there yet.

    Raises:
        NoTrinoError: Java or Maven is missing, or Maven could not fetch it.
    """
    known = Path.home() / ".cache" / "rec_platform" / f"trino-{VERSION}"
    libraries = Path(os.environ.get("REC_TRINO_CACHE") or known)
    for program in ("java", "javac"):
        if shutil.which(program) is None:
            raise NoTrinoError(f"Trino needs a JDK of version 17, and there is no {program}")
    if not libraries.exists():
        libraries.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=libraries.parent, prefix=f"{libraries.name}-") as name:
            unfinished = Path(name, "trino")
            _fetch(unfinished)
            with suppress(OSError):  # another run was faster
                unfinished.rename(libraries)
    return libraries


def _fetch(folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise NoTrinoError("Trino is fetched by Maven, and there is no mvn")
    folder.mkdir()
    (folder / "pom.xml").write_text(POM)
    _maven(folder, "copy-dependencies", "includeScope=runtime", "outputDirectory=lib")
    _maven(folder, "unpack", f"artifact=io.trino:trino-hive:{VERSION}:zip", "outputDirectory=.")
    plugin = folder / "plugin" / "hive"
    plugin.parent.mkdir()
    (folder / f"trino-hive-{VERSION}").rename(plugin)
    source = folder / "LocalHive.java"
    source.write_text(LOCAL_HIVE)
    classes = plugin / "local"
    services = classes / "META-INF" / "services"
    services.mkdir(parents=True)
    (services / "io.trino.spi.Plugin").write_text("LocalHive\n")
    path = f"{folder / 'lib'}/*:{plugin}/*"
    subprocess.run(["javac", "-proc:none", "-cp", path, "-d", classes, source], check=True)


def _maven(folder: Path, goal: str, *options: str) -> None:
    command = ["mvn", "-q", "-B", f"{DEPENDENCY_PLUGIN}:{goal}", *(f"-D{text}" for text in options)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        raise NoTrinoError(f"Maven took more than {FETCH_SECONDS} s to fetch Trino") from None
    if done.returncode:
        raise NoTrinoError(f"Maven could not fetch Trino {VERSION}: is its registry in reach?")


@contextmanager
def trino(folder: Path) -> Iterator[Trino]:
    """A server with an empty `hive` catalogue whose files are all in one folder.

    Raises:
        NoTrinoError: Trino cannot be had on this machine.
    """
    libraries = home()
    port = _free_port()
    _configure(folder, libraries, port)
    log = folder / "log.txt"
    command = [
        *("java", "-Xmx2G", "-XX:+UseG1GC", "-Duser.timezone=UTC"),
        *("-Dconfig=etc/config.properties", "-Djdk.attach.allowAttachSelf=true"),
        *("-cp", f"{libraries / 'lib'}/*", "Start.java"),
    ]
    with log.open("wb") as opened:
        server = subprocess.Popen(
            command, cwd=folder, stdout=opened, stderr=opened, start_new_session=True
        )
    try:
        started = Trino(port, folder)
        _wait(started, server, log)
        yield started
    finally:
        _stop(server)


def _configure(folder: Path, libraries: Path, port: int) -> None:
    files = {
        "Start.java": START,
        "etc/config.properties": f"""
            node.environment=test
            node.id=test
            node.internal-address=127.0.0.1
            node.bind-ip=127.0.0.1
            http-server.http.port={port}
            discovery.uri=http://127.0.0.1:{port}
            coordinator=true
            node-scheduler.include-coordinator=true
            plugin.dir={libraries / "plugin"}
            catalog.config-dir={folder / "etc" / "catalog"}
        """,
        "etc/catalog/hive.properties": f"""
            connector.name=local_hive
            root={folder}
            hive.metastore=file
            hive.metastore.catalog.dir=local:///tables
            hive.non-managed-table-writes-enabled=true
            hive.security=allow-all
        """,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace(" " * 12, ""))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait(server: Trino, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    reason = "no answer"
    while time.monotonic() < until and process.poll() is None:
        try:
            server.execute("SELECT count(*) FROM hive.information_schema.tables")
        except Exception as error:  # the client raises what it likes while the server starts
            reason = str(error)
            time.sleep(0.5)
        else:
            return
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    raise RuntimeError("\n".join([f"Trino does not start ({reason}); its log ends with:", *lines]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill the server and whatever it started; nothing that it holds is worth waiting for."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)
