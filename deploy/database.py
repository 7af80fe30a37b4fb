"""Copy the database of this installation into a file, or put a copy in its place.

`python deploy/database.py dump FILE` while everything runs; `python deploy/database.py restore FILE` while
web and worker stand still. PostgreSQL is left to its own programs; its password goes by the
environment, since arguments are shown to everybody on the machine.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

from sqlalchemy import URL, make_url

sys.path.insert(0, str(Path(__file__).parent.parent))

import settings  # this file is given as a path, from any folder

ROOT = Path(__file__).parent.parent
PROGRAMS = {"dump": ("pg_dump",), "restore": ("pg_restore", "psql")}
EMPTY = """
DO $$ DECLARE act text; BEGIN
  FOR act IN SELECT format('DROP TABLE IF EXISTS %I.%I CASCADE', schemaname, tablename) FROM pg_tables
    WHERE schemaname = current_schema() AND tableowner = current_user LOOP EXECUTE act; END LOOP;
  FOR act IN SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP EXECUTE act; END LOOP;
END $$
"""
"""Everything goes before a copy comes back: what a newer version has made is not in it, and would stay."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    if len(arguments) != 2 or arguments[0] not in PROGRAMS:
        print("Say: database.py dump FILE, or database.py restore FILE.", file=sys.stderr)
        return 2
    act, file = arguments[0], Path(arguments[1]).absolute()
    url = make_url(settings.database_url())
    if url.get_backend_name() == "postgresql":
        return _postgresql(act, url, file)
    return _whole(file, _sqlite_dump) if act == "dump" else _sqlite_restore(Path(str(url.database)), file)


def _postgresql(act: str, url: URL, file: Path) -> int:
    missing = next((each for each in PROGRAMS[act] if not shutil.which(each)), "")
    if missing:
        print(f"{missing} is missing: apt install postgresql-client", file=sys.stderr)
        return 1
    known = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = os.environ | {name: str(value) for name, value in known.items() if value}
    if act == "dump":
        return _whole(file, partial(_run, "pg_dump", "--format=custom", "--file", env=environment))
    with tempfile.NamedTemporaryFile() as script:
        read = _run("pg_restore", "--no-owner", "--file", script.name, str(file), env=environment)
        how = (
            "--no-psqlrc",
            "--quiet",
            "--output=/dev/null",
            "--set=ON_ERROR_STOP=1",
            "--single-transaction",
        )
        return read or _run("psql", *how, "--command", EMPTY, "--file", script.name, env=environment)


def _whole(file: Path, copy: Callable[[str], int]) -> int:
    """Give a copy its name once all of it is there: one that was broken off is never taken for one."""
    if file.exists():
        print(f"{file}: File exists. A backup is a new file each time: give another name.", file=sys.stderr)
        return 1
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    code = copy(str(part))
    if code:
        part.unlink(missing_ok=True)
    else:
        part.replace(file)
    return code


def _run(*command: str, env: Mapping[str, str]) -> int:
    return subprocess.run(command, env=env, check=False).returncode


def _sqlite_dump(part: str) -> int:
    """By the program's own command, in this process: another one would take longer to start than to copy."""
    from flask.cli import cli  # which a restore and PostgreSQL do without

    os.chdir(ROOT)
    try:
        with redirect_stdout(io.StringIO()):  # it names the part
            cli.main(["--app", "app", "backup", part], prog_name="flask")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else bool(end.code)
    return 1  # it always ends so


def _sqlite_restore(database: Path, file: Path) -> int:
    """Put the copy into the database's place, whole or not at all; what was logged beside it goes."""
    beside = database.with_name(f"{database.name}.restored")
    beside.touch()
    beside.chmod(0o600)  # before anything is in it
    shutil.copyfile(file, beside)
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    beside.replace(database)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
