"""A wire between the bot and PostgreSQL that can be long, be cut, go silent, or lose the answer to a COMMIT."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from typing import Self

PROCESS = re.compile(rb"K\0\0\0\x0c....", re.DOTALL)
"""What the server says of the process that serves a connection."""


class Proxy:
    """Listens on `port` and hands everything on to PostgreSQL, as long as it behaves."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.silent = threading.Event()
        """From now on nothing is handed on, in either direction, and nobody is told."""
        self.far_s = 0.0
        """How long what is said is on its way, in each direction."""
        self.late_s = 0.0
        """How much longer than that answers are."""
        self.loses_commits = False
        """COMMIT is handed on, and the wire is cut before its answer."""
        self.takes_no_question = False
        """Like PgBouncer when its server has no connection to spare, let everybody in, and answer nothing that they ask."""
        self.unanswered = 0
        self.hides_process = False
        """Like PgBouncer, tell whoever connects the number of no process of the server."""
        self.refuses_options = False
        """Like PgBouncer, hang up on whoever brings options of the server."""
        self._wires: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """Hang up on everybody."""
        for wire in list(self._wires):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                losing = threading.Event()
                self._wires |= {client, server}
                threading.Thread(target=self._pump, args=(client, server, losing, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, losing, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, losing: threading.Event, asks: bool) -> None:
        with suppress(OSError):
            while told := source.recv(65536):
                if self.silent.is_set():
                    continue
                if asks and self.takes_no_question and told[:1] == b"Q":
                    self.unanswered += 1
                    continue
                if asks and self.loses_commits and b"COMMIT" in told:
                    losing.set()
                if not asks and losing.is_set():
                    break
                if asks and self.refuses_options and b"\0options\0" in told:
                    break
                if not asks and self.hides_process:
                    told = PROCESS.sub(b"K\0\0\0\x0c\x7f\xff\xff\xff", told)
                time.sleep(self.far_s if asks else self.far_s + self.late_s)
                sink.sendall(told)
        for wire in (source, sink):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        if not asks:
            self._wires -= {source, sink}
            source.close()
            sink.close()
