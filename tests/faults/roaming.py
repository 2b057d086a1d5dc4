"""A phone that goes from Wi-Fi to mobile: two network namespaces and two cables that can be pulled. Knows no browser.

    phone: wlan0 10.77.1.2 --- wifi 10.77.1.1 \\
                                               internet: 10.77.0.1, where servers listen
           wwan0 10.77.2.2 --- mobile 10.77.2.1 /

Needs root, or the right to make user namespaces.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator

SERVER = "10.77.0.1"
RADIOS = ("wlan0", "wwan0")
_READY = "echo ready; exec cat"
_INTERNET = f"ip link set lo up && ip address add {SERVER}/32 dev lo && {_READY}"
_CABLE = """
ip link add {far} type veth peer name {near} netns {phone} &&
ip address add {net}.1/24 dev {far} && ip link set {far} up
"""
_RADIO = "ip address replace {net}.2/24 dev {near}; ip link set {near} up && ip route replace {route}"
_NETS = {"wlan0": ("wifi", "10.77.1"), "wwan0": ("mobile", "10.77.2")}


class Roaming:
    """Both namespaces. `internet` and `phone` go before a command line that shall run in them."""

    def __init__(self, internet: list[str], phone: list[str]) -> None:
        self.internet = internet
        self.phone = phone
        self.on = "wlan0"

    def swap(self, noticed: Callable[[], object]) -> None:
        """From Wi-Fi to mobile, or back: the one goes, the phone has `noticed`, the other comes."""
        gone, self.on = self.on, next(radio for radio in RADIOS if radio != self.on)
        self.down(gone)
        noticed()
        self.up(self.on)

    def up(self, radio: str) -> None:
        """Switch `wlan0` or `wwan0` on."""
        _, net = _NETS[radio]
        route = f"default via {net}.1 dev {radio}"
        _run([*self.phone, "sh", "-c", _RADIO.format(net=net, near=radio, route=route)])

    def down(self, radio: str) -> None:
        """Switch it off: addresses and routes are gone, and what was under way is lost without a word."""
        _run([*self.phone, "sh", "-c", f"ip link set {radio} down && ip address flush dev {radio}"])


@contextlib.contextmanager
def roaming() -> Iterator[Roaming]:
    """Wi-Fi is on at first. PermissionError names the right that is missing."""
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    with _held([*own, "sh", "-c", _INTERNET]) as internet:
        enter = ["nsenter", "--target", str(internet), "--net"]
        if os.geteuid() != 0:
            enter += ["--user", "--preserve-credentials"]
        with _held([*enter, "unshare", "--net", "sh", "-c", f"ip link set lo up && {_READY}"]) as phone:
            both = Roaming(enter, [argument.replace(str(internet), str(phone)) for argument in enter])
            for radio, (far, net) in _NETS.items():
                _run([*enter, "sh", "-c", _CABLE.format(far=far, near=radio, phone=phone, net=net)])
            both.up(both.on)
            yield both


@contextlib.contextmanager
def _held(command: list[str]) -> Iterator[int]:
    """A process that keeps a namespace alive until its input ends; its id."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "ready":
            raise PermissionError(
                f"A network namespace was refused: {process.communicate()[1].strip()}. Run this as root, or allow user"
                " namespaces (sysctl kernel.unprivileged_userns_clone=1)."
            )
        yield process.pid
    finally:
        process.communicate()


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=120)
