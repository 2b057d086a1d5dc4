"""The web process: uvicorn with our limits on a socket that the supervisor has bound. Holds no request handling."""

import argparse
import os
import resource
import socket

import uvicorn

from telehealth import memory

MAX_SOCKET_MESSAGE_BYTES = 65_536
GRACEFUL_SECONDS = 5


def config() -> uvicorn.Config:
    """Uvicorn as the house runs it: small WebSocket messages, no compression, lifespan required.

    With WEB_TLS_CERT and WEB_TLS_KEY it speaks HTTPS itself, as the demo does in a home network; a clinic has a proxy.
    """
    return uvicorn.Config(
        "telehealth.asgi:application",
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        # The sockets have a heartbeat of their own, which also notices a page that sleeps.
        ws_ping_interval=None,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # Django reads X-Forwarded-*, and only as far as TRUSTED_PROXIES says.
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        ssl_certfile=os.environ.get("WEB_TLS_CERT") or None,
        ssl_keyfile=os.environ.get("WEB_TLS_KEY") or None,
    )


def allow_many_files() -> None:
    """Use all the open files that we may have: the usual 1,024 are gone with a thousand slow clients."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Serve on the inherited listening sockets until SIGTERM."""
    allow_many_files()
    memory.take_short_turns()
    parser = argparse.ArgumentParser(prog="telehealth.serve")
    parser.add_argument("--fd", type=int, nargs="+", required=True, help="numbers of the inherited listening sockets")
    # fileno alone finds the socket's true family, which TCP_NODELAY on its connections depends on.
    listening = [socket.socket(fileno=number) for number in parser.parse_args().fd]
    uvicorn.Server(config()).run(sockets=listening)


if __name__ == "__main__":
    main()
