"""Copy the database of this installation into a file, or put a copy in its place.

`python deploy/database.py dump FILE` while everything runs; `python deploy/database.py restore FILE` while
web and worker stand still. PostgreSQL is left to its own pg_dump and pg_restore; its password goes by the
environment, since arguments are shown to everybody on the machine.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, make_url

sys.path.insert(0, str(Path(__file__).parent.parent))

import settings  # this file is given as a path, from any folder

PROGRAMS = {
    "dump": ("pg_dump", "--format=custom", "--file"),
    "restore": ("pg_restore", "--clean", "--if-exists", "--single-transaction", "--no-owner", "--dbname"),
}


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    if len(arguments) != 2 or arguments[0] not in PROGRAMS:
        print("Say: database.py dump FILE, or database.py restore FILE.", file=sys.stderr)
        return 2
    act, file = arguments[0], Path(arguments[1])
    url = make_url(settings.load().database_url)
    if url.get_backend_name() == "postgresql":
        return _postgresql(act, url, file)
    return _sqlite_dump(file) if act == "dump" else _sqlite_restore(Path(str(url.database)), file)


def _postgresql(act: str, url: URL, file: Path) -> int:
    program = PROGRAMS[act][0]
    if not shutil.which(program):
        print(f"{program} is missing: apt install postgresql-client", file=sys.stderr)
        return 1
    known = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = os.environ | {name: str(value) for name, value in known.items() if value}
    last = [str(file)] if act == "dump" else [str(url.database), str(file)]
    return subprocess.run([*PROGRAMS[act], *last], env=environment, check=False).returncode


def _sqlite_dump(file: Path) -> int:
    command = [sys.executable, "-m", "flask", "--app", "app", "backup", str(file)]
    return subprocess.run(command, check=False, cwd=Path(__file__).parent.parent).returncode


def _sqlite_restore(database: Path, file: Path) -> int:
    """Put the copy into the database's place, whole or not at all; what was logged beside it goes."""
    beside = database.with_name(f"{database.name}.restored")
    shutil.copyfile(file, beside)
    beside.chmod(0o600)
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    beside.replace(database)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
