"""A PostgreSQL server of a test's own: started in a temporary folder on a free port, stopped afterwards.

Not here: what is in it. Its binaries refuse root: as root they run as another user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "reader", "s3cret-Pa55-of-a-test"


@dataclass(frozen=True)
class Server:
    """A running server; `url` has the password."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/postgres"


def binaries() -> Path | None:
    """Folder of initdb and pg_ctl; None where there are none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("pg_ctl")
    candidates = [*folders, *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


@contextmanager
def postgres() -> Iterator[Server]:
    """A server with password authentication; skips the test, with the reason, where it cannot be had."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'milepost[postgres]'")
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed: neither initdb nor pg_ctl was found")
    prefix: list[str] = []
    owner = None
    if os.geteuid() == 0:
        owner = next((name for name in ("postgres", "nobody") if _is_user(name)), None)
        if owner is None or shutil.which("setpriv") is None:
            pytest.skip("PostgreSQL refuses root, and there is no other user to run it as")
        account = pwd.getpwnam(owner)
        prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    with tempfile.TemporaryDirectory(prefix="milepost-pg-", dir="/tmp") as top:
        root = Path(top)
        root.chmod(0o755)
        data, password = root / "data", root / "password"
        password.write_text(PASSWORD)
        data.mkdir(mode=0o700)
        if owner:
            for path in (root, data, password):
                shutil.chown(path, owner)
        run = {"check": True, "capture_output": True, "cwd": "/", "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
        initdb = [str(folder / "initdb"), "-D", str(data), "-U", USER, "--pwfile", str(password), "-A", "scram-sha-256"]
        subprocess.run([*prefix, *initdb, "-E", "UTF8", "--no-sync"], **run)
        port = _free_port()
        options = f"-p {port} -h 127.0.0.1 -k {root} -c fsync=off -c log_statement=none"
        control = [*prefix, str(folder / "pg_ctl"), "-D", str(data), "-w", "-t", "60"]
        subprocess.run([*control, "-l", str(root / "log"), "-o", options, "start"], **run)
        try:
            yield Server(port, root)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **run)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
