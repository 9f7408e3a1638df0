"""Which sockets are ready, told by the kernel."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import suppress

if sys.platform == "linux":

    class Poller:
        """Which of the sockets it watches has something to read: each is told to one thread, once."""

        def __init__(self) -> None:
            self.epoll = select.epoll()

        def watch(self, number: int) -> None:
            try:
                self.epoll.modify(number, select.EPOLLIN | select.EPOLLONESHOT)
            except FileNotFoundError:
                self.epoll.register(number, select.EPOLLIN | select.EPOLLONESHOT)

        def forget(self, number: int) -> None:
            with suppress(FileNotFoundError):
                self.epoll.modify(number, 0)

        def wait(self) -> Iterator[int]:
            return (number for number, _ in self.epoll.poll(maxevents=1))

else:

    class Poller:
        """The same for macOS and the BSDs."""

        def __init__(self) -> None:
            self.kqueue = select.kqueue()

        def watch(self, number: int) -> None:
            self.change(number, select.KQ_EV_ADD | select.KQ_EV_ONESHOT)

        def forget(self, number: int) -> None:
            with suppress(FileNotFoundError):
                self.change(number, select.KQ_EV_DELETE)

        def change(self, number: int, flags: int) -> None:
            self.kqueue.control([select.kevent(number, select.KQ_FILTER_READ, flags)], 0)

        def wait(self) -> Iterator[int]:
            return (event.ident for event in self.kqueue.control(None, 1))
