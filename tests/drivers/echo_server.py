#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pair of echo servers once more, on python-engineio and python-socketio: a stranger to dial, and a control for the rows.

Usage: echo_server.py [PING_TIMEOUT_S]
"""
import asyncio
import json
import os
import sys

import engineio
import socketio
from aiohttp import web


def serve(ping_timeout):
    app = web.Application()
    options = {"async_mode": "aiohttp", "ping_interval": 1, "ping_timeout": ping_timeout, "cors_allowed_origins": "*"}

    eio = engineio.AsyncServer(max_http_buffer_size=1000000, **options)

    async def message(sid, data):
        await eio.send(sid, data)

    eio.on("message", message)
    eio.attach(app, "engine.io")

    sio = socketio.AsyncServer(max_http_buffer_size=1000000, namespaces=["/", "/custom"], **options)
    for namespace in ("/", "/custom"):

        async def connect(sid, environ, auth, namespace=namespace):
            sio.start_background_task(sio.emit, "auth", auth or {}, to=sid, namespace=namespace)

        sio.on("connect", connect, namespace=namespace)

    async def echo(sid, *args):
        await sio.emit("message-back", args, to=sid)

    async def echo_ack(sid, *args):
        return args

    sio.on("message", echo)
    sio.on("message-with-ack", echo_ack)
    sio.attach(app, "socket.io")
    return app


async def main():
    runner = web.AppRunner(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.2))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(json.dumps({"event": "ready", "url": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
