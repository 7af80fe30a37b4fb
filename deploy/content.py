"""`make content`: what is wrong in `content/` (or CONTENT), also where no clinic is set up; keeps nothing."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from settings import new_keys

ROOT = Path(__file__).parent.parent
FLASK = Path(sys.executable).parent / "flask"
OF_NOBODY = "Remark: connection main "


def environment(folder: Path) -> dict[str, str]:
    """Settings that are whole, of a clinic that lasts for one look; `folder` is for its database."""
    return (
        dict(os.environ)
        | new_keys()
        | {
            "AFTERCARE_ENV": "development",
            "PUBLIC_URL": "http://localhost:8000",
            "DATABASE_URL": f"sqlite:///{folder / 'content.db'}",
            "CONNECTIONS": "main=standard",
            "MAIN_SECRET": "whsec_" + "c2VjcmV0" * 4,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_SECURITY": "none",
            "LOG_LEVEL": "error",
        }
    )


def main() -> int:
    """0 where all is in order, else 1; says what `flask check` says, but for the connection that is none."""
    with TemporaryDirectory() as folder:
        command = [str(FLASK), "--app", "app", "check"]
        env = environment(Path(folder))
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    for line in (done.stdout + done.stderr).splitlines():
        if not line.startswith(OF_NOBODY):
            print(line)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
