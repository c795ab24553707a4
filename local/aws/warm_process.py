"""Forks execution environments from a process that has imported what they will need.

This file is run by path, and imports only the standard library, as runtime.py does. The runner sends, for each
environment, one byte with four descriptors: the environment's events, results and log, and a socket for its life. The
process must have one thread only, because a fork copies no other thread and every lock that it held.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

DESCRIPTORS = 4


class WarmProcess:
    """Forks at request, ends an environment whose life's socket is closed, and reports how each has ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lives: dict[int, socket.socket] = {}
        self._wake_receiver, self._wake_sender = socket.socketpair()
        for end in (self._wake_receiver, self._wake_sender):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_sender.fileno())
        self._selector = selectors.DefaultSelector()
        for source in (control, self._wake_receiver):
            self._selector.register(source, selectors.EVENT_READ)

    def serve(self) -> list[int]:
        """Return, in each forked process, its events, results and log. The warm process itself never returns."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake_receiver:
                    self._report_ended()
                elif key.fileobj is not self._control:
                    self._kill(int(key.data))
                elif files := self._fork():
                    return files

    def _fork(self) -> list[int]:
        request, descriptors, _, _ = socket.recv_fds(self._control, 1, DESCRIPTORS)
        if not request:
            # The runner has ended. The environments find the end of their events.
            os._exit(0)
        *files, life = descriptors
        if (pid := os.fork()) == 0:
            os.close(life)
            self._leave()
            return files
        for file in files:
            os.close(file)
        self._lives[pid] = socket.socket(fileno=life)
        self._selector.register(self._lives[pid], selectors.EVENT_READ, data=pid)
        return []

    def _leave(self) -> None:
        """Close, in a forked process, what belongs to the warm process and to other environments."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for other in (self._control, self._wake_receiver, self._wake_sender, *self._lives.values()):
            other.close()
        os.setsid()

    def _kill(self, pid: int) -> None:
        # A child that was not waited for keeps its number, so this ends no other process.
        if pid in self._lives:
            os.kill(pid, signal.SIGKILL)
            self._selector.unregister(self._lives[pid])

    def _report_ended(self) -> None:
        self._wake_receiver.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._report(*ended)

    def _report(self, pid: int, status: int) -> None:
        life = self._lives.pop(pid)
        with contextlib.suppress(KeyError):
            self._selector.unregister(life)
        with contextlib.suppress(OSError):
            life.send(str(os.waitstatus_to_exitcode(status)).encode())
        life.close()


def import_modules(names: list[str]) -> None:
    """Import the modules that all environments will import. A fault is theirs to report, as in a new environment."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def parse_service_models(services: list[str]) -> None:
    """Parse botocore's models of these services into memory that is shared, and import what their clients need.

    The clients, which are never used, are dropped. They open no connection before their first call.
    """
    import boto3
    import botocore.loaders

    # A file's content is the same for each loader, and a session has one of its own.
    loader: Any = botocore.loaders.JSONFileLoader
    load = functools.cache(functools.partial(loader.load_file, loader()))
    loader.load_file = lambda _, path: load(path)
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    for service in services:
        session.client(service)  # type: ignore[call-overload]


def load_runtime() -> ModuleType:
    """Import runtime.py, whose folder is not in the function's import path."""
    loader = SourceFileLoader("runtime", str(Path(__file__).with_name("runtime.py")))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module


def main() -> None:
    """Import, fork, and run the functions' runtime in each forked process."""
    control = socket.socket(fileno=int(sys.argv[1]))
    preloaded = json.loads(sys.argv[2])
    runtime = load_runtime()
    import_modules(preloaded["modules"])
    if preloaded["services"]:
        parse_service_models(preloaded["services"])
    # What was imported is not looked at by the collector again, whose marks would copy its pages.
    gc.collect()
    gc.freeze()
    files = WarmProcess(control).serve()
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    runtime.main()


if __name__ == "__main__":
    main()
