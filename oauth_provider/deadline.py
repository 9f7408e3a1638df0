"""One end for a whole exchange with somebody slow, whatever it waits for."""

import io
import socket
import time


class Deadline:
    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds

    def left_seconds(self) -> float:
        """More than 0. Raises TimeoutError when nothing is left."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Wire:
    """A socket as http.client uses one, each step of which ends at the deadline.

    A socket's own timeout starts again with every byte: a drip would never end. Whoever made
    the socket closes it: http.client does so before it has read the answer.
    """

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self.connected = connected
        self.deadline = deadline

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self.connected.settimeout(self.deadline.left_seconds())
            rest = rest[self.connected.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(Reader(self))

    def close(self) -> None:
        """Left to the socket's maker."""


class Reader(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.wire.connected.settimeout(self.wire.deadline.left_seconds())
        return self.wire.connected.recv_into(buffer)
