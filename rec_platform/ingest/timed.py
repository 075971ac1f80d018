"""Requests whose answer must begin in time: the limit of a socket begins anew with each byte."""

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

MOST_REDIRECTS = 5


class _Timed(HTTPConnection):
    def getresponse(self) -> Any:
        """Wait for the answer's headers, and hang up if they are not there in time."""
        with self._in_time():
            return super().getresponse()

    def _tunnel(self) -> None:
        """Ask a proxy for a way to the server, within the same limit."""
        with self._in_time():
            super()._tunnel()  # type: ignore[misc]

    @contextmanager
    def _in_time(self) -> Generator[None]:
        is_late = False

        def hang_up() -> None:
            nonlocal is_late
            is_late = True
            # Below TLS, which no two threads may use at once.
            with (
                suppress(OSError, AttributeError),  # it is closed by now
                socket.socket(fileno=os.dup(self.sock.fileno())) as connected,
            ):
                connected.shutdown(socket.SHUT_RDWR)

        timer = Timer(self.timeout or 0, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            if is_late:  # headers that were cut count as complete otherwise
                raise TimeoutError


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Timed  # type: ignore[assignment]


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTLS  # type: ignore[assignment]


POOLS = {"http": _Pool, "https": _TLSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):  # it has pools of its own, without this limit
            manager.pool_classes_by_scheme = POOLS
        return manager


class _Session(requests.Session):
    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        try:
            return super().request(*arguments, **options)
        except requests.RequestException:
            raise
        except ValueError as error:  # of an address that a server redirects to
            raise requests.exceptions.InvalidURL(str(error)) from None


def timed_session() -> requests.Session:
    """A session in which the time limit for reading is that of all headers, not of each byte."""
    session = _Session()
    session.max_redirects = MOST_REDIRECTS
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session
