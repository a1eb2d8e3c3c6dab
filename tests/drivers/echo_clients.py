#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python clients (python-socketio AsyncClient and Client, python-engineio) against the echo servers: polling, WebSocket, upgrade.

Usage: echo_clients.py PROGRAM
"""
import asyncio
import logging
import sys
import threading
import traceback

import engineio
import socketio
from echo_lib import Failed, Program, check, equal, finish

MODES = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
ARGUMENTS = [1, "2", {"3": [True, None]}, "ä€😀", b"\x00\x01\xff", {"deep": [b"", {"b": b"xyz"}]}, 1.5]


async def soon(awaitable):
    return await asyncio.wait_for(awaitable, 5)


async def async_socket(url, transports):
    client = socketio.AsyncClient(reconnection=False)
    queue = asyncio.Queue()
    client.on("auth", lambda *args: queue.put_nowait(("auth", *args)))
    client.on("auth", lambda *args: queue.put_nowait(("auth /custom", *args)), namespace="/custom")
    client.on("message-back", lambda *args: queue.put_nowait(("message-back", *args)))
    gone = asyncio.Event()
    client.on("disconnect", lambda *_: gone.set())
    await client.connect(url, auth={"token": "123"}, namespaces=["/", "/custom"], transports=transports)
    greetings = sorted([await soon(queue.get()), await soon(queue.get())], key=lambda one: one[0])
    equal(greetings, [("auth", {"token": "123"}), ("auth /custom", {"token": "123"})], "greetings")
    for i in range(20):
        await client.emit("message", tuple(ARGUMENTS + [i]))
    for i in range(20):
        equal(await soon(queue.get()), ("message-back", *ARGUMENTS, i), "event")
    got = await client.call("message-with-ack", tuple(ARGUMENTS), timeout=5)
    equal(list(got), ARGUMENTS, "ack")
    got = await asyncio.gather(*(client.call("message-with-ack", i, timeout=5) for i in range(50)))
    equal(got, list(range(50)), "acks of concurrent calls")
    equal(client.transport(), transports[-1], "transport at the end")
    await client.disconnect()
    await soon(gone.wait())


class Pings(logging.Handler):
    """The client tells its log alone when a ping comes."""

    def __init__(self):
        super().__init__()
        self.came = asyncio.Queue()
        self.logger = logging.Logger("pings")
        self.logger.addHandler(self)

    def emit(self, record):
        if record.getMessage().startswith("Received packet PING"):
            self.came.put_nowait(record)


async def async_lives(url, transports):
    """The third ping comes only to who has answered the second."""
    pings = Pings()
    client = socketio.AsyncClient(reconnection=False, engineio_logger=pings.logger)
    await client.connect(url, transports=transports)
    for _ in range(3):
        await soon(pings.came.get())
    check(client.connected, "disconnected")
    equal(await client.call("message-with-ack", "there", timeout=5), "there", "ack")
    await client.disconnect()


async def async_refused(url, transports):
    client = socketio.AsyncClient(reconnection=False)
    why = asyncio.get_running_loop().create_future()
    client.on("connect_error", lambda *args: why.set_result(args), namespace="/random")
    try:
        await client.connect(url, namespaces=["/random"], transports=transports)
    except socketio.exceptions.ConnectionError:
        equal(await soon(why), ({"message": "Invalid namespace"},), "reason")
    else:
        raise Failed("connected to a namespace that does not exist")
    await client.disconnect()


async def async_engine(url, transports):
    client = engineio.AsyncClient()
    queue = asyncio.Queue()
    client.on("message", queue.put_nowait)
    await client.connect(url, transports=transports, engineio_path="engine.io")
    messages = ["hello", b"\x01\x02\x03\x04", "ä€😀", "", b""] * 5 + ["x" * 200000]
    for message in messages:
        await client.send(message)
    equal([await soon(queue.get()) for _ in messages], messages, "messages")
    equal(client.transport(), transports[-1], "transport at the end")
    await client.disconnect()


async def sync_socket(url, transports):
    def play():
        client = socketio.Client(reconnection=False)
        back = []
        came = threading.Event()

        def message_back(*args):
            back.append(args)
            came.set()

        client.on("message-back", message_back)
        client.connect(url, transports=transports)
        client.emit("message", tuple(ARGUMENTS))
        check(came.wait(5), "no event")
        equal(back, [tuple(ARGUMENTS)], "event")
        equal(list(client.call("message-with-ack", tuple(ARGUMENTS), timeout=5)), ARGUMENTS, "ack")
        equal(client.transport(), transports[-1], "transport at the end")
        client.disconnect()

    await asyncio.to_thread(play)


TESTS = {
    "python-socketio AsyncClient": async_socket,
    "python-socketio AsyncClient stays": async_lives,
    "python-socketio AsyncClient refused": async_refused,
    "python-socketio Client": sync_socket,
    "python-engineio AsyncClient": async_engine,
}


async def run(name, test, url, transports):
    try:
        await asyncio.wait_for(test(url, transports), 30)
    except Failed as failed:
        print(f"FAILED {name}: {failed}")
        return False
    except Exception:
        print(f"FAILED {name}: {traceback.format_exc(limit=-3)}")
        return False
    return True


async def main(program):
    results = []
    for mode, transports in MODES.items():
        for name, test in TESTS.items():
            results.append(await run(f"{name}, {mode}", test, program.server.url, transports))
    return results


if __name__ == "__main__":
    # A loaded machine must not make a client miss its pong: the short timeout is tested elsewhere.
    with Program(sys.argv[1], "--ping-timeout", "5000") as program:
        results = asyncio.run(main(program))
        results.append(program.stop() == 0)
    finish(sum(results), len(results) - sum(results))
