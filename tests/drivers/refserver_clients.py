# SPDX-License-Identifier: Apache-2.0
"""python-socketio's AsyncClient and Client behind one blocking face, so that each case is written once.

An ack is always the list of its arguments as they came: [], [null] and [true, null] are three results.
"""
import asyncio
import threading
from concurrent.futures import Future

import socketio
from refserver_lib import LIMIT, Failed, check

NAMESPACE = "/smcp"
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


class Refused(Exception):
    """The namespace was refused; the argument is what came with CONNECT_ERROR."""


class Peer:
    """What both have in common: everything received is kept in order and waited for by conditions."""

    def __init__(self):
        self.received = []  # (event, args)
        self.news = threading.Condition()
        self.handlers = {}  # event -> function(args) giving the ack arguments as a tuple, or a Future of it
        self.ended = False
        self.refusal = None
        self.name = self.office = self.role = None

    # -- what came

    def _record(self, event, args):
        with self.news:
            self.received.append((event, list(args)))
            self.news.notify_all()

    def _answer(self, event, args):
        handler = self.handlers.get(event)
        return handler(list(args)) if handler else ()

    def _ended(self):
        with self.news:
            self.ended = True
            self.news.notify_all()

    def events(self, event=None):
        with self.news:
            return [args for name, args in self.received if event is None or name == event]

    def wait(self, event, count=1):
        """Arguments of the count-th such event, as soon as it is there."""
        with self.news:
            ok = self.news.wait_for(lambda: len([1 for name, _ in self.received if name == event]) >= count, LIMIT)
            check(ok, f"{self.name}: no {event} within {LIMIT} s; received {self.received!r}")
        return self.events(event)[count - 1]

    def wait_end(self):
        with self.news:
            check(self.news.wait_for(lambda: self.ended, LIMIT), f"{self.name}: the connection does not end")

    def fence(self):
        """A request that is always answered: whatever the server had sent before has been received after it."""
        self.ask("server:list_room", {"agent": "fence", "req_id": "fence", "office_id": "fence"})

    def quiet(self, *allowed):
        """Nothing but these events has come; proven by a fence."""
        self.fence()
        for name, args in list(self.received):
            check(name in allowed, f"{self.name} must not receive {name} {args!r}")

    def now(self, event, count=1):
        """As wait, but it must be there already: a notice leaves before the ack which confirms it."""
        self.fence()
        check(len(self.events(event)) >= count, f"{self.name}: {event} comes after the ack; received {self.received!r}")
        return self.events(event)[count - 1]

    def forget(self):
        with self.news:
            self.received.clear()

    # -- what is sent

    def ask(self, event, *args):
        return self.ask_later(event, *args).result(LIMIT)

    def join(self, office, name, role):
        return self.ask("server:join_office", {"role": role, "name": name, "office_id": office})

    def leave(self, office):
        return self.ask("server:leave_office", {"office_id": office})

    def names_in(self, office):
        ack = self.ask("server:list_room", {"agent": "x", "req_id": "q", "office_id": office})
        check(len(ack) == 1 and "sessions" in ack[0], f"list_room was refused: {ack!r}")
        return sorted(s["name"] for s in ack[0]["sessions"])


def packed(args):
    """Positional arguments as python-socketio wants them."""
    return args[0] if len(args) == 1 and not isinstance(args[0], tuple) and args[0] is not None else tuple(args)


class Loop:
    """One event loop in a thread for all AsyncClients."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)


class AsyncPeer(Peer):
    loop = None

    def __init__(self):
        super().__init__()
        AsyncPeer.loop = AsyncPeer.loop or Loop()
        self.client = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.client.on("*", self._event, namespace=NAMESPACE)
        self.client.on("connect_error", self._connect_error, namespace=NAMESPACE)
        self.client.on("disconnect", self._disconnect, namespace=NAMESPACE)

    async def _event(self, event, *args):
        self._record(event, args)
        result = self._answer(event, args)
        return await asyncio.wrap_future(result) if isinstance(result, Future) else result

    async def _connect_error(self, data=None):
        self.refusal = data

    async def _disconnect(self, reason=None):
        self._ended()

    def connect(self, server, transport, auth=None, headers=None, namespace=NAMESPACE):
        connecting = self.client.connect(
            server.url, socketio_path=server.path, namespaces=[namespace], auth=auth, headers=headers or {},
            transports=TRANSPORTS[transport], wait_timeout=LIMIT)
        try:
            self.loop.do(connecting).result(2 * LIMIT)
        except socketio.exceptions.ConnectionError as e:
            raise Refused(self.refusal, str(e)) from None
        self.sid = self.client.get_sid(namespace)
        return self

    def transport(self):
        return self.client.transport()

    def ask_later(self, event, *args):
        answer = Future()
        emit = self.client.emit(event, packed(args), namespace=NAMESPACE, callback=lambda *a: answer.set_result(list(a)))
        self.loop.do(emit).result(LIMIT)
        return answer

    def tell(self, event, *args):
        self.loop.do(self.client.emit(event, packed(args), namespace=NAMESPACE)).result(LIMIT)

    def leave_namespace(self):
        packet = self.client.packet_class(socketio.packet.DISCONNECT, namespace=NAMESPACE)
        self.loop.do(self.client._send_packet(packet)).result(LIMIT)

    def close(self):
        try:
            self.loop.do(self.client.disconnect()).result(LIMIT)
        except Exception:
            pass


class OrderedClient(socketio.Client):
    """Client gives every message to a thread of its own, which loses their order (and mixes up attachments).

    This one takes them in order, records events at once, and leaves only their handlers to threads.
    """

    def __init__(self, record):
        super().__init__(reconnection=False, handle_sigint=False)
        self.record = record
        trigger = self.eio._trigger_event
        self.eio._trigger_event = lambda event, *args, run_async=False: trigger(
            event, *args, run_async=run_async and event != "message")

    def _handle_event(self, namespace, id, data):
        self.record(data[0], data[1:])
        self.start_background_task(super()._handle_event, namespace, id, data)


class SyncPeer(Peer):
    def __init__(self):
        super().__init__()
        self.client = OrderedClient(self._record)
        self.client.on("*", self._event, namespace=NAMESPACE)
        self.client.on("connect_error", self._connect_error, namespace=NAMESPACE)
        self.client.on("disconnect", lambda *reason: self._ended(), namespace=NAMESPACE)

    def _event(self, event, *args):
        result = self._answer(event, args)
        return result.result(LIMIT) if isinstance(result, Future) else result

    def _connect_error(self, data=None):
        self.refusal = data

    def connect(self, server, transport, auth=None, headers=None, namespace=NAMESPACE):
        try:
            self.client.connect(
                server.url, socketio_path=server.path, namespaces=[namespace], auth=auth, headers=headers or {},
                transports=TRANSPORTS[transport], wait_timeout=LIMIT)
        except socketio.exceptions.ConnectionError as e:
            raise Refused(self.refusal, str(e)) from None
        self.sid = self.client.get_sid(namespace)
        return self

    def transport(self):
        return self.client.transport()

    def ask_later(self, event, *args):
        answer = Future()
        self.client.emit(event, packed(args), namespace=NAMESPACE, callback=lambda *a: answer.set_result(list(a)))
        return answer

    def tell(self, event, *args):
        self.client.emit(event, packed(args), namespace=NAMESPACE)

    def leave_namespace(self):
        self.client._send_packet(self.client.packet_class(socketio.packet.DISCONNECT, namespace=NAMESPACE))

    def close(self):
        try:
            self.client.disconnect()
        except Exception:
            pass


class World:
    """The connections of one case: unique office and names, everything closed at its end."""

    count = 0

    def __init__(self, server, transport, kind):
        World.count += 1
        self.server, self.transport, self.kind = server, transport, kind
        self.here, self.there = f"office {World.count}", f"other office {World.count}"
        self.peers = []
        self.gates = []

    def gate(self):
        """An answer that is given later; at the end of the case at the latest."""
        self.gates.append(Future())
        return self.gates[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for peer in self.peers:
            peer.close()
        for gate in self.gates:
            if not gate.done():
                gate.set_result(())

    def peer(self, **options):
        peer = self.kind()
        self.peers.append(peer)
        peer.name = f"unjoined {len(self.peers)}"
        return peer.connect(self.server, self.transport, **options)

    def member(self, role, name, office):
        peer = self.peer()
        ack = peer.join(office, name, role)
        if ack != [True, None]:
            raise Failed(f"join of {name} failed: {ack!r}")
        peer.name, peer.office, peer.role = name, office, role
        return peer

    def agent(self, name="A", office=None):
        return self.member("agent", name, office or self.here)

    def computer(self, name="C", office=None):
        return self.member("computer", name, office or self.here)

    def call(self, computer, event="client:tool_call", **more):
        request = {"agent": "A", "req_id": "r1", "computer": computer, "tool_name": "echo", "params": {"x": 1},
                   "timeout": 5} if event == "client:tool_call" else {"agent": "A", "req_id": "r1", "computer": computer}
        return {**request, **more}
