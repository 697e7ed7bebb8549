import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from geoplan.errors import DatabaseError
from layers import binaries, places
from layers.cluster import Cluster, cluster_status, remove_cluster, start_cluster, stop_cluster
from layers.database import open_database
from layers.places import is_root
from layers.server import Server

FAST = {"fsync": "off"}
ROOT = Path(__file__).parents[2]

# A process that uses a workspace, tells its server's pid, and leaves when its input ends.
USER = """
import sys
from pathlib import Path
from layers.cluster import Cluster
cluster = Cluster(Path(sys.argv[1]), settings={"fsync": "off"})
cluster.join()
print(cluster.server.pid, flush=True)
sys.stdin.read()
cluster.leave()
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One workspace for all that do it no harm, for initdb is what takes its time."""
    folder = tmp_path_factory.mktemp("made")
    cluster = Cluster(folder, settings=FAST)
    cluster.join()
    cluster.leave()
    yield folder
    cluster.remove()


@pytest.fixture
def workspace(made: Path) -> Iterator[Path]:
    """A workspace with a stopped server."""
    yield made
    stop_cluster(made)


@pytest.fixture
def own_workspace(tmp_path: Path, made: Path) -> Iterator[Path]:
    """A workspace with a stopped server, which the test may break."""
    folder = tmp_path / "workspace"
    inner = folder / ".geoplan"
    inner.mkdir(parents=True)
    account = places.account_for(inner)
    home = places.make_home(inner, account)
    subprocess.run(["cp", "-a", str(Cluster(made).server.data), str(home)], check=True)
    yield folder
    remove_cluster(folder)


@pytest.fixture
def user(workspace: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start processes that use the workspace."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(workspace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def pid_told_by(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def query(cluster: Cluster, text: str = "SELECT 1") -> object:
    url = sa.make_url(cluster.url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(url.render_as_string()) as connection:
        cursor = connection.execute(text.encode())
        while cursor.nextset():
            pass
        row = cursor.fetchone()
        return row and row[0]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_newcomer_gets_a_database_from_nothing(tmp_path: Path) -> None:
    before = cluster_status(tmp_path)
    assert not before.exists
    assert "No server yet" in str(before)
    try:
        with open_database(tmp_path) as database, database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT postgis_lib_version()"))
            assert connection.scalar(sa.text("SHOW fsync")) == "on"
            assert connection.scalar(sa.text("SHOW listen_addresses")) == ""
            assert connection.scalar(sa.text("SELECT lower('ÅÄÖ')")) == "åäö"
            assert connection.scalar(sa.text("SELECT 'Z' < 'a'")) is True
            status = cluster_status(tmp_path)
            assert status.running
            assert status.url == database.url
            assert stat.S_IMODE(Path(status.socket).stat().st_mode) == 0o700
            assert stat.S_IMODE(Path(status.data).stat().st_mode) == 0o700
        assert not cluster_status(tmp_path).running
    finally:
        remove_cluster(tmp_path)
    assert not Path(status.data).exists()
    assert not Path(status.socket).exists()
    assert list(tmp_path.iterdir()) == []


def test_start_stays_until_stop(workspace: Path) -> None:
    started = start_cluster(workspace)
    assert started.running
    cluster = Cluster(workspace)
    cluster.join()
    cluster.leave()
    assert cluster_status(workspace).pid == started.pid
    stop_cluster(workspace)
    stop_cluster(workspace)
    assert not cluster_status(workspace).running
    cluster.join()
    cluster.leave()
    assert not cluster_status(workspace).running


def test_two_processes_share_it_and_the_last_one_out_stops_it(
    workspace: Path, user: Callable[[], subprocess.Popen[str]]
) -> None:
    one, other = user(), user()
    pid = pid_told_by(one)
    assert pid_told_by(other) == pid == cluster_status(workspace).pid
    one.communicate()
    assert cluster_status(workspace).pid == pid
    other.communicate()
    assert (one.returncode, other.returncode) == (0, 0)
    assert not cluster_status(workspace).running


def test_after_a_killed_user_the_next_one_stops_it(workspace: Path, user: Callable[[], subprocess.Popen[str]]) -> None:
    process = user()
    pid = pid_told_by(process)
    process.kill()
    process.wait()
    assert cluster_status(workspace).pid == pid
    cluster = Cluster(workspace)
    cluster.join()
    assert query(cluster) == 1
    assert cluster.status().pid == pid
    cluster.leave()
    assert not cluster_status(workspace).running


def test_after_a_killed_server_the_data_is_there(workspace: Path) -> None:
    cluster = Cluster(workspace)
    cluster.join()
    url = sa.make_url(cluster.url).set(drivername="postgresql", database="postgres").render_as_string()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.commit()
        pid = cluster.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    again = Cluster(workspace)
    again.join()
    assert query(again, "SELECT answer FROM kept") == 42
    assert again.status().pid != pid
    cluster.leave()
    assert query(again) == 1
    again.leave()
    assert not cluster_status(workspace).running


def test_a_pid_that_another_process_has_since_is_no_server(workspace: Path) -> None:
    cluster = Cluster(workspace)
    cluster.join()
    server = cluster.server
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    cluster.leave()
    # As after a reboot or in a new container: the number now belongs to another process of the same account.
    account = {"user": server.account.uid, "group": server.account.gid} if is_root() else {}
    with subprocess.Popen(["sleep", "60"], **account) as stranger:  # type: ignore[call-overload]
        file = server.data / "postmaster.pid"
        file.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        socket = server.socket
        places.make_socket_folder(socket, server.account)
        (socket / ".s.PGSQL.5432.lock").write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        for path in (file, socket / ".s.PGSQL.5432.lock"):
            os.chown(path, server.account.uid, server.account.gid)
        assert not cluster_status(workspace).running
        cluster.join()
        assert query(cluster) == 1
        cluster.leave()
        assert stranger.poll() is None
        stranger.kill()


def test_an_emptied_tmp_is_mended(workspace: Path) -> None:
    cluster = Cluster(workspace)
    cluster.join()
    shutil.rmtree(cluster.server.socket)
    other = Cluster(workspace)
    other.join()
    assert query(other) == 1
    cluster.leave()
    other.leave()
    assert not cluster_status(workspace).running


def test_a_killed_initdb_leaves_nothing(tmp_path: Path) -> None:
    code = "from layers.cluster import *; import sys, pathlib; Cluster(pathlib.Path(sys.argv[1])).join()"
    inner = tmp_path / ".geoplan"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)

    def half_made() -> bool:
        home = places.home_of(inner)
        return home is not None and any((new / "base").exists() for new in home.glob("postgres.new-*"))

    wait_until(half_made)
    process.kill()
    process.wait()
    assert not cluster_status(tmp_path).exists
    cluster = Cluster(tmp_path, settings=FAST)
    try:
        cluster.join()
        assert query(cluster) == 1
        cluster.leave()
        assert [file.name for file in cluster.server.home.glob("postgres.new-*")] == []
    finally:
        cluster.remove()


def test_a_long_path_with_odd_characters(own_workspace: Path) -> None:
    folder = own_workspace.parent / ("ö 'quoted' % & " + "x" * 180)
    own_workspace.rename(folder)
    cluster = Cluster(folder)
    try:
        cluster.join()
        assert query(cluster) == 1
        assert len(str(cluster.server.socket)) < 80
        cluster.leave()
    finally:
        cluster.remove()


def test_a_renamed_workspace_keeps_its_data_and_a_copy_gets_its_own(own_workspace: Path) -> None:
    cluster = Cluster(own_workspace)
    cluster.join()
    query(cluster, "CREATE TABLE moved AS SELECT 42 AS answer; SELECT answer FROM moved")
    cluster.leave()
    copy = own_workspace.with_name("copy")
    shutil.copytree(own_workspace, copy, copy_function=shutil.copy2) if is_root() else subprocess.run(
        ["cp", "-a", own_workspace, copy], check=True
    )
    moved = own_workspace.with_name("moved")
    own_workspace.rename(moved)
    try:
        one = Cluster(moved)
        one.join()
        two = Cluster(copy, settings=FAST)
        two.join()
        assert one.status().pid != two.status().pid
        assert query(one, "SELECT answer FROM moved") == 42
        # And a new workspace in the old place takes nothing from it.
        own_workspace.mkdir()
        three = Cluster(own_workspace, settings=FAST)
        three.join()
        assert query(three, "SELECT to_regclass('moved')") is None
        assert query(one, "SELECT answer FROM moved") == 42
        for each in (one, two, three):
            each.leave()
    finally:
        remove_cluster(moved)
        remove_cluster(copy)


@pytest.mark.skipif(not is_root(), reason="only root keeps data outside the workspace")
def test_a_deleted_workspace_leaves_no_data_to_the_next_one(own_workspace: Path) -> None:
    cluster = Cluster(own_workspace)
    cluster.start()
    before = cluster.server
    shutil.rmtree(own_workspace)
    own_workspace.mkdir()
    again = Cluster(own_workspace, settings=FAST)
    again.join()
    assert not before.home.exists()
    assert before.pid is None
    again.leave()


def test_another_major_version_is_told(own_workspace: Path) -> None:
    cluster = Cluster(own_workspace)
    (cluster.server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseError, match=r"made by PostgreSQL 9, but PostgreSQL \d+ is installed") as caught:
        cluster.join()
    assert "geoplan db stop --remove" in str(caught.value.hint)
    assert "Install PostgreSQL 9" in str(caught.value.hint)
    cluster.remove()
    assert not cluster.status().exists


def test_a_server_that_does_not_start_tells_why(own_workspace: Path) -> None:
    cluster = Cluster(own_workspace)
    with (cluster.server.data / "postgresql.conf").open("a") as conf:
        conf.write("work_mem = 'plenty'\n")
    with pytest.raises(DatabaseError, match="pg_ctl failed") as caught:
        cluster.join()
    assert "plenty" in str(caught.value.hint)
    assert not cluster.status().running


def test_a_workspace_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".geoplan").write_text("a file in the folder's place")
    with pytest.raises(DatabaseError, match="cannot be written") as caught:
        Cluster(tmp_path).join()
    assert "GEOPLAN_DATABASE_URL" in str(caught.value.hint)


def test_a_socket_folder_of_somebody_else_is_refused(own_workspace: Path) -> None:
    cluster = Cluster(own_workspace)
    socket = cluster.server.socket
    socket.mkdir(mode=0o777)
    socket.chmod(0o777)
    with pytest.raises(DatabaseError, match="open to others"):
        cluster.join()
    socket.rmdir()


def test_the_environment_of_another_server_does_not_matter(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "nowhere", "PGUSER": "nobody", "PGDATA": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    cluster = Cluster(workspace)
    cluster.join()
    assert query(cluster) == 1
    cluster.leave()


@pytest.mark.skipif(not is_root(), reason="only root can become another user")
def test_an_ordinary_user_has_it_in_the_workspace_and_root_can_use_it(tmp_path: Path) -> None:
    for needed in (Path(sys.executable).resolve(), ROOT.resolve()):
        if not all(place.stat().st_mode & 0o001 for place in [needed, *needed.parents]):
            pytest.skip(f"{needed} is closed to other users; run the suite as an ordinary user instead")
    nobody = pwd.getpwnam("nobody")
    folder = Path("/tmp") / f"geoplan-test-{os.getpid()}"
    folder.mkdir()
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    code = """
import sys, sqlalchemy as sa
from pathlib import Path
from layers.database import open_database
with open_database(Path(sys.argv[1])) as database, database.engine.connect() as connection:
    print(connection.scalar(sa.text("SELECT current_user || ' ' || current_setting('data_directory')")))
"""
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            env={"PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout.split() == ["nobody", str(folder / ".geoplan" / "postgres")]
        with open_database(folder) as database, database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT current_user")) == "nobody"
        assert not cluster_status(folder).running
    finally:
        remove_cluster(folder)
        shutil.rmtree(folder)


def test_binaries_come_with_their_extensions() -> None:
    found = binaries.find_binaries()
    assert found.major >= binaries.MINIMUM_MAJOR
    assert Path(found["initdb"]).is_file()
    assert binaries.find_binaries(found.major) == found
    with pytest.raises(DatabaseError, match=rf"No PostgreSQL 99 .*found: .*{found.major} in ") as caught:
        binaries.find_binaries(99)
    assert "apt-get install" in str(caught.value.hint)


def test_a_program_that_is_first_on_the_path_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("initdb", "pg_ctl", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert binaries.find_binaries().folder != tmp_path


def test_a_server_without_a_folder_has_no_version(tmp_path: Path) -> None:
    server = Server(tmp_path, places.account_for(tmp_path))
    assert server.version is None
    assert server.pid is None
