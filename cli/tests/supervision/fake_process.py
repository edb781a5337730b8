"""A small process to supervise: python fake_process.py PORT JOURNAL NAME [BEHAVIOUR…]

Answers every GET with 200, or with what the file `JOURNAL.status` says. Writes "NAME started", "NAME told" and "NAME
gone" to the journal. Serves the listener that was handed down, if one was, and tells its process id. Behaviours:
stubborn (ignores SIGTERM), slow (takes 0.3 s to end), mute (never listens), exit=N (ends at once with that status).
Where there is a file `JOURNAL.words` it says what is in it, and ends with 1.
"""

import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SLOW_SECONDS = 0.3


def main(port: int, journal: Path, name: str, behaviours: list[str]) -> None:
    def note(what: str) -> None:
        with journal.open("a") as stream:
            stream.write(f"{name} {what}\n")

    status_file = journal.with_name(f"{journal.name}.status")
    words_file = journal.with_name(f"{journal.name}.words")
    told = json.dumps({"process": os.getpid()}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(status_file.read_text()) if status_file.exists() else 200)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    note(f"started {os.environ.get('FAKE_SETTING', '')}".rstrip())
    for behaviour in behaviours:
        if behaviour.startswith("exit="):
            sys.stderr.write(f"{name}: a bad setting\n")
            sys.exit(int(behaviour.removeprefix("exit=")))
    if words_file.exists():
        sys.exit(words_file.read_text())
    # Waited for, not handled: a handler could interrupt the very wait that it is to end. Threads inherit the mask.
    awaited = {signal.SIGUSR1 if "stubborn" in behaviours else signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    server = make_server(port, Handler) if "mute" not in behaviours else None
    if server is not None:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    signal.sigwait(awaited)
    note("told")
    if server is not None:
        server.shutdown()
        server.server_close()
    if "slow" in behaviours:
        threading.Event().wait(SLOW_SECONDS)
    note("gone")


def make_server(port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    handed_down = os.environ.get("SKILLSYNC_LISTENER")
    ThreadingHTTPServer.daemon_threads = False  # whom it has accepted it answers before it ends
    server = ThreadingHTTPServer(("127.0.0.1", port), handler, bind_and_activate=handed_down is None)
    if handed_down is not None:
        server.socket.close()
        server.socket = socket.socket(fileno=int(handed_down))
    return server


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
