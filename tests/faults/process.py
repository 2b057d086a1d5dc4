"""A fault proxy in a process of its own, for tests and measurements whose own thread is busy driving browsers."""

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from tests.faults.proxy import Address

_STOP_SECONDS = 10.0


class BadLine:
    """`with BadLine(listen, to, seed=1) as line: line.say("both loss=0.1")`; the commands are those of `__main__`."""

    def __init__(self, listen: Address, to: Address, *, seed: int = 0) -> None:
        addresses = [f"--listen={listen[0]}:{listen[1]}", f"--to={to[0]}:{to[1]}", f"--seed={seed}"]
        self._command = [sys.executable, "-m", "tests.faults", *addresses]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._expect("ready")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=_STOP_SECONDS)  # the end of its input is its end
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def say(self, command: str) -> None:
        """A command that is done when this returns. ValueError says what is wrong with it."""
        self._send(command)
        self._expect("ok")

    def ask(self, command: str) -> list[dict[str, Any]]:
        """`counts`: one entry for each client; `gaps`: one for each stream."""
        self._send(command)
        told: list[dict[str, Any]] = json.loads(self._expect("["))
        return told

    def longest_gaps_ms(self, payload: int) -> list[float]:
        """For each stream of this payload type going down: its longest silence since `gaps` was last asked."""
        heard = [each for each in self.ask("gaps") if each["packets"] and each["way"] == "down"]
        return [each["longest_ms"] for each in heard if each["payload"] == payload]

    def _send(self, command: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")

    def _expect(self, start: str) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        if not answer.startswith(start):
            raise ValueError(answer or "the fault proxy ended")
        return answer
