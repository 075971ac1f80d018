"""Requests whose answer must begin in time: the limit of a socket begins anew with each byte."""

import socket
from contextlib import suppress
from threading import Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

MOST_REDIRECTS = 5


class _Timed(HTTPConnection):
    _is_late = False

    def getresponse(self) -> Any:
        """Wait for the answer's headers, and hang up if they are not there in time."""
        timer = Timer(self.timeout or 0, self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse()
        finally:
            timer.cancel()
            if self._is_late:  # headers that were cut count as complete otherwise
                raise TimeoutError

    def _hang_up(self) -> None:
        self._is_late = True
        with suppress(OSError, AttributeError):  # it is closed by now
            self.sock.shutdown(socket.SHUT_RDWR)


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Timed  # type: ignore[assignment]


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTLS  # type: ignore[assignment]


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


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
