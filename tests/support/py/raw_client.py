# SPDX-License-Identifier: Apache-2.0
"""A small literal Socket.IO client on aiohttp: it sends what it is told and keeps every packet as it came.

python-socketio's client hides ack arity, unasked acks and packet order; this one does not. Text packets only.
"""

import asyncio
import json
import re

import aiohttp

NAMESPACE = "/smcp"
SEPARATOR = "\x1e"
PACKET = re.compile(r"^([0-6])(?:(\d+)-)?(?:(/[^,]*),)?(\d+)?(.*)$", re.DOTALL)


class Packet:
    def __init__(self, text):
        kind, _, namespace, ack_id, rest = PACKET.match(text).groups()
        self.kind = int(kind)
        self.namespace = namespace or "/"
        self.id = int(ack_id) if ack_id else None
        self.data = json.loads(rest) if rest else None
        self.text = text


class RawClient:
    """Use as `async with RawClient(url, transport="polling") as c`."""

    def __init__(self, url, transport="websocket", path="/socket.io", headers=None):
        self.base = url.rstrip("/") + path + "/"
        self.transport = transport
        self.headers = headers or {}
        self.packets = []  # Socket.IO packets in order of arrival
        self.engine = []  # (seconds since open, Engine.IO text) of everything else
        self.answers_pings = True
        self.closed = asyncio.Event()
        self.open_packet = None
        self._changed = asyncio.Condition()
        self._reader = None
        self._next_id = 0
        self._answers = {}
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self):
        self.http = aiohttp.ClientSession(headers=self.headers)
        self.opened_at = self._loop.time()
        self.ws = None
        if self.transport == "websocket":
            self.ws = await self.http.ws_connect(self.base + "?EIO=4&transport=websocket", max_msg_size=0)
            self._open((await self.ws.receive()).data)
            self._reader = asyncio.create_task(self._read_websocket())
            return self
        async with self.http.get(self.base, params={"EIO": "4", "transport": "polling"}) as response:
            packets = (await response.text()).split(SEPARATOR)
        self._open(packets[0])
        if self.transport == "upgrade":
            await self._upgrade()
            self._reader = asyncio.create_task(self._read_websocket())
        else:
            self._reader = asyncio.create_task(self._poll())
        return self

    async def __aexit__(self, *_):
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self.ws is not None:
            await self.ws.close()
        await self.http.close()

    def abort(self):
        """Vanish without a word: the WebSocket is reset; a polling client just stops."""
        self._reader.cancel()
        if self.ws is not None:
            self.ws._response.connection.transport.abort()

    def _open(self, text):
        assert text[0] == "0", text
        self.open_packet = json.loads(text[1:])
        self.query = {"EIO": "4", "transport": "polling", "sid": self.open_packet["sid"]}

    async def _upgrade(self):
        url = self.base + f"?EIO=4&transport=websocket&sid={self.open_packet['sid']}"
        poll = asyncio.create_task(self.http.get(self.base, params=self.query))
        self.ws = await self.http.ws_connect(url, max_msg_size=0)
        await self.ws.send_str("2probe")
        assert (await self.ws.receive()).data == "3probe"
        response = await poll
        for text in (await response.text()).split(SEPARATOR):
            await self._engine_packet(text)
        await self.ws.send_str("5")

    async def _read_websocket(self):
        try:
            async for message in self.ws:
                if message.type == aiohttp.WSMsgType.TEXT:
                    await self._engine_packet(message.data)
        finally:
            self.closed.set()

    async def _poll(self):
        try:
            while True:
                async with self.http.get(self.base, params=self.query) as response:
                    body = await response.text()
                    if response.status != 200:
                        self.engine.append((self._loop.time() - self.opened_at, f"HTTP {response.status} {body}"))
                        return
                for text in body.split(SEPARATOR):
                    await self._engine_packet(text)
        finally:
            self.closed.set()

    async def _engine_packet(self, text):
        if text[:1] == "4":
            packet = Packet(text[1:])
            async with self._changed:
                self.packets.append(packet)
                self._changed.notify_all()
            await self._answer(packet)
            return
        self.engine.append((round(self._loop.time() - self.opened_at, 3), text))
        if text == "2" and self.answers_pings:
            await self.send_engine("3")

    async def _answer(self, packet):
        if packet.kind == 2 and packet.id is not None and packet.data[0] in self._answers:
            literal = self._answers[packet.data[0]]
            literal = literal(packet) if callable(literal) else literal
            if asyncio.iscoroutine(literal):
                literal = await literal
            if literal is not None:
                await self.ack(packet.id, literal)

    def answer(self, event, literal):
        """Answer an incoming event with this literal argument list, a function of the packet, or never (None)."""
        self._answers[event] = literal

    async def send_engine(self, text):
        if self.ws is not None:
            await self.ws.send_str(text)
        else:
            body = {"data": text.encode(), "headers": {"Content-Type": "text/plain;charset=UTF-8"}}
            async with self.http.post(self.base, params=self.query, **body) as response:
                return response.status, await response.text()

    async def connect(self, namespace=NAMESPACE, auth=None):
        """Returns the packet that answers the CONNECT (type 0 or 4)."""
        body = "" if auth is None else json.dumps(auth)
        prefix = "" if namespace == "/" else namespace + ","
        await self.send_engine("40" + prefix + body)
        packet = await self.wait(lambda p: p.kind in (0, 4) and p.namespace == namespace)
        if packet.kind == 0:
            self.sid = packet.data["sid"]
        return packet

    async def emit(self, event, *args, namespace=NAMESPACE, ack_id=None):
        prefix = "" if namespace == "/" else namespace + ","
        number = "" if ack_id is None else str(ack_id)
        await self.send_engine("42" + prefix + number + json.dumps([event, *args]))

    async def ack(self, ack_id, arguments, namespace=NAMESPACE):
        await self.send_engine(f"43{namespace},{ack_id}" + json.dumps(arguments))

    async def call(self, event, *args, timeout=5):
        """Emit with a fresh ack id; the literal ack arguments, or None when none came in time."""
        self._next_id += 1
        ack_id = self._next_id
        await self.emit(event, *args, ack_id=ack_id)
        try:
            return (await self.wait(lambda p: p.kind == 3 and p.id == ack_id, timeout)).data
        except asyncio.TimeoutError:
            return None

    async def wait(self, matches, timeout=5):
        """The first packet, past or future, that matches."""

        async def found():
            async with self._changed:
                while True:
                    for packet in self.packets:
                        if matches(packet):
                            return packet
                    await self._changed.wait()

        return await asyncio.wait_for(found(), timeout)

    async def event(self, name, timeout=5):
        return (await self.wait(lambda p: p.kind == 2 and p.data[0] == name, timeout)).data[1]

    async def fence(self):
        """Round trip on this connection: what was queued for it before is here afterwards (or it is closed)."""
        self._next_id += 1
        answer = asyncio.create_task(self.connect(f"/fence{self._next_id}"))
        closed = asyncio.create_task(self.closed.wait())
        await asyncio.wait((answer, closed), return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        if self.closed.is_set():
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)
        else:
            await answer

    def events(self, name=None):
        return [p.data for p in self.packets if p.kind == 2 and (name is None or p.data[0] == name)]
