"""A TCP proxy on loopback that is as far away as you like, and counts what passes.

As a context manager, or as a program that prints its address, and its counts when it is ended::

    python -m tests.support.http.delay_proxy --listen 0 --to 127.0.0.1:5000 --rtt 50

Each piece of data is handed on half a round trip after it came, in both directions, and the first
piece of a connection one round trip later still: that is the TCP handshake. Nothing else is slowed:
any amount may be on its way at once, on any number of connections.
"""

import argparse
import asyncio
import json
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.http.request_counter import RequestCounter

_PIECE = 256 * 1024


class DelayProxy:
    """A proxy to ``target`` (``HOST:PORT``) for one block, ``rtt`` milliseconds there and back.

    It listens where ``name`` leads.
    """

    def __init__(self, target: str, *, rtt: float, port: int = 0, name: str = "127.0.0.1") -> None:
        self._target_host, _, target_port = target.rpartition(":")
        self._target_port = int(target_port)
        self._one_way = rtt / 2000
        self._name, self._port = name, port
        self._counters: list[RequestCounter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def host(self) -> str:
        """``NAME:PORT``."""
        return f"{self._name}:{self._port}"

    @property
    def connections(self) -> int:
        """The number of connections made so far."""
        return len(self._counters)

    @property
    def requests(self) -> list[str]:
        """The HTTP requests so far as ``METHOD /path`` lines, by connection; none sent in TLS."""
        return [line for counter in tuple(self._counters) for line in counter.lines]

    def __enter__(self) -> Self:
        starting = asyncio.start_server(
            self._serve, self._name, self._port, family=socket.AF_INET, limit=_PIECE
        )
        self._server = self._loop.run_until_complete(starting)
        self._port = self._server.sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        counter = RequestCounter()
        self._counters.append(counter)
        with suppress(OSError, asyncio.CancelledError):
            await self._connect(reader, writer, counter.feed)
        writer.close()
        self._tasks.discard(task)

    async def _connect(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        count: Callable[[bytes], None],
    ) -> None:
        made = self._loop.time()
        connecting = asyncio.open_connection(self._target_host, self._target_port, limit=_PIECE)
        far_reader, far_writer = await connecting
        try:
            arrived = made + 2 * self._one_way
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, far_writer, arrived, count))
                both.create_task(self._carry(far_reader, writer, arrived, lambda _: None))
        except* OSError:
            pass
        finally:
            far_writer.close()

    async def _carry(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        not_before: float,
        count: Callable[[bytes], None],
    ) -> None:
        """Hand on what comes from ``source``, each piece at its time; its end, too."""
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(on_its_way, sink))
        try:
            data = b"-"
            while data:
                data = await source.read(_PIECE)
                count(data)
                left = max(self._loop.time(), not_before)
                on_its_way.put_nowait((left + self._one_way, data))
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(
        self, on_its_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await on_its_way.get()
            await asyncio.sleep(due - self._loop.time())
            if not data:
                sink.write_eof()
                return
            sink.write(data)
            await sink.drain()


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.http.delay_proxy")
    parser.add_argument("--listen", type=int, default=0, help="port; 0 takes a free one")
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    parser.add_argument("--rtt", type=float, required=True, help="milliseconds there and back")
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    with DelayProxy(options.to, rtt=options.rtt, port=options.listen) as proxy:
        print(proxy.host, flush=True)
        signal.sigwait(_ENDS)
        counts = {"connections": proxy.connections, "requests": len(proxy.requests)}
        print(json.dumps(counts), flush=True)


_ENDS = frozenset({signal.SIGINT, signal.SIGTERM})

if __name__ == "__main__":
    main()
