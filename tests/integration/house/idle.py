"""A child for the supervisor's tests: says that it is up, then does nothing until it is told to stop."""

import os
import signal
import sys


def main() -> None:
    # One write, so that two children never share a line.
    os.write(1, f"up {sys.argv[1]} {os.getpid()}\n".encode())
    signal.pause()


if __name__ == "__main__":
    main()
