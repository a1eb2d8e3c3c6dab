#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A TCP relay that makes a server slow: every byte arrives DELAY_MS later, in both directions.

Usage: slow_relay.py DELAY_MS[-MOST_MS] ACCEPT_MS COMMAND...

COMMAND is a server that prints a ready line; the relay prints the same with its own address.  With MOST_MS each piece of each
connection takes a time of its own between the two, in order within the connection, so that connections overtake each other.
With ACCEPT_MS the first connection is taken up only after that time.  Ends when its standard input does.
"""
import asyncio
import json
import random
import subprocess
import sys

LEAST, MOST = (int(text) / 1000 for text in (sys.argv[1].split("-") * 2)[:2])
ACCEPT = int(sys.argv[2]) / 1000
random.seed(1)


async def pass_on(reader, writer):
    """Bytes keep their distance to each other: each waits for its own time."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    async def deliver():
        while (item := await queue.get()) is not None:
            due, data = item
            await asyncio.sleep(max(0, due - loop.time()))
            writer.write(data)
        writer.close()

    delivery = asyncio.create_task(deliver())
    try:
        while data := await reader.read(65536):
            queue.put_nowait((loop.time() + random.uniform(LEAST, MOST), data))
    except ConnectionError:
        pass
    queue.put_nowait(None)
    try:
        await delivery
    except ConnectionError:
        pass


async def main():
    server = subprocess.Popen(sys.argv[3:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ready = json.loads(server.stdout.readline())
    port = int(ready["url"].rsplit(":", 1)[1])
    slow_until = asyncio.get_running_loop().time() + ACCEPT

    async def relay(reader, writer):
        await asyncio.sleep(max(0, slow_until - asyncio.get_running_loop().time()))
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    relay_server = await asyncio.start_server(relay, "127.0.0.1", 0)
    ready["url"] = "http://127.0.0.1:%d" % relay_server.sockets[0].getsockname()[1]
    print(json.dumps(ready), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.kill()


asyncio.run(main())
