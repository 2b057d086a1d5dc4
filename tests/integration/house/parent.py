"""A parent for the supervisor's tests: keeps two idle children alive with the supervisor's own code."""

import asyncio
import os

from telehealth.supervisor import Child, supervise


def main() -> None:
    children = tuple(Child(name, ("tests.integration.house.idle", name), os.environ) for name in ("relay", "web"))
    asyncio.run(supervise(children))


if __name__ == "__main__":
    main()
