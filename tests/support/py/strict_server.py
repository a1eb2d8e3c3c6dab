#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent SMCP server on python-socketio, revisions rfc to 0.4, for checking the judge.

Clean, it keeps every rule, so whatever the harness calls red is a false red. `--variant` makes another choice that the
digest allows (still no red); `--defect` breaks exactly one rule (must be red, and must name one of the listed ids).

  strict_server.py                                     a clean server on a free port
  strict_server.py --defect echo-update                one broken rule
  strict_server.py --revision 0.4 --defect gate-skips-websocket
  strict_server.py --variant refuse-calls-silently --auth header:x-api-key=secret
  strict_server.py --list-defects                      name, requirement ids, meaning, as JSON lines

The first line on standard output is the ready line. The server ends with its standard input, its parent, or SIGTERM.
"""

import argparse
import asyncio
import hmac
import json
import logging
import signal
import sys
import time
from urllib.parse import parse_qsl

import engineio
import socketio
from aiohttp import web
from socketio.packet import ACK, DISCONNECT, EVENT, Packet

import lifetime
import strict_defects
import strict_variants
from strict_gate import Knock
from strict_revisions import ALL, REVISIONS
from strict_rules import Rules, Session

NAMESPACE = "/smcp"


class Reply:
    """The ack of one received event; sending it is a no-op when the client did not ask for one (SIO-07)."""

    def __init__(self, server, session, ack_id):
        self.server = server
        self.session = session
        self.ack_id = ack_id

    @property
    def asked(self):
        return self.ack_id is not None

    def send(self, *args):
        if self.asked:
            self.server.send(self.session, Packet(ACK, namespace=self.session.namespace, id=self.ack_id, data=list(args)))


class Port:
    """What Rules may do to the outside world. All of it only queues."""

    def __init__(self, server):
        self.server = server

    def emit(self, session, event, *args):
        self.server.send(session, Packet(EVENT, namespace=session.namespace, data=[event, *args]))

    def request(self, session, event, payload, on_answer):
        """Emit with an ack id of the session's own numbering (SIO-13); on_answer gets the literal argument list."""
        session.last_id += 1
        session.waiting[session.last_id] = on_answer
        packet = Packet(EVENT, namespace=session.namespace, id=session.last_id, data=[event, payload])
        self.server.send(session, packet)

    def after(self, seconds, action):
        asyncio.get_running_loop().call_later(seconds, action)

    def kick(self, session):
        """Throw a client out (only defects do)."""
        self.server.send(session, Packet(DISCONNECT, namespace=session.namespace))
        self.server.end_session(session)

    def transport_of(self, session):
        socket = self.server.eio.sockets.get(session.eio_sid)
        if socket is None:
            return None
        if not socket.upgraded:
            return "polling"
        return "upgraded" if session.opened_with == "polling" else "websocket"


class StrictServer(socketio.AsyncServer):
    """python-socketio for packets, transports and namespaces; rooms, acks and routing are ours."""

    def __init__(self, rules_class, credential, **options):
        self.rules = rules_class(Port(self))
        self.credential = credential
        self.by_connection = {}
        super().__init__(
            async_mode="aiohttp",
            namespaces=["/", NAMESPACE] if self.rules_option("default_namespace", True) else [NAMESPACE],
            always_connect=self.rules_option("always_connect", False),
            json=self.rules_option("json", None),
            **options,
        )
        for namespace in self.namespaces:
            self.on("connect", self.connect_handler(namespace), namespace=namespace)
            self.on("disconnect", self.disconnect_handler(namespace), namespace=namespace)

    def rules_option(self, name, default):
        return getattr(self.rules, name, default)

    def send(self, session, packet):
        socket = self.eio.sockets.get(session.eio_sid)
        if socket is None or socket.closed or not session.connected:
            return
        if self.rules_option("noops", False) and not socket.upgraded:
            socket.queue.put_nowait(engineio.packet.Packet(engineio.packet.NOOP))
        frames = packet.encode()
        for frame in frames if isinstance(frames, list) else [frames]:
            socket.queue.put_nowait(engineio.packet.Packet(engineio.packet.MESSAGE, data=frame))

    # ---- connections

    def connect_handler(self, namespace):
        def on_connect(sid, environ, auth=None):
            admitted = namespace != NAMESPACE or self.rules_option("admits", admits)(self.credential, environ, auth)
            if admitted or self.rules_option("serves_refused", False):
                self.begin_session(namespace, sid, environ)
            if not admitted:
                raise socketio.exceptions.ConnectionRefusedError("Authentication failed")

        return on_connect

    def begin_session(self, namespace, sid, environ):
        if namespace != NAMESPACE and not self.rules_option("serves_default_namespace", False):
            return
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace)
        self.open_session(eio_sid, namespace, sid, environ)

    def open_session(self, eio_sid, namespace, sid, environ):
        session = self.by_connection.get((eio_sid, namespace))
        if session is not None:
            session.sid = sid
            return session
        session = Session(sid)
        session.eio_sid = eio_sid
        session.namespace = namespace
        session.waiting = {}
        session.last_id = -1
        session.opened_with = "websocket" if "HTTP_UPGRADE" in environ else "polling"
        session.version = self.rules.recorded_version(pairs(environ.get("QUERY_STRING", "")))
        self.by_connection[eio_sid, namespace] = session
        self.rules.connected(session)
        return session

    def disconnect_handler(self, namespace):
        def on_disconnect(sid, reason=None):
            session = self.by_connection.get((self.manager.eio_sid_from_sid(sid, namespace), namespace))
            if session is not None and session.sid == sid:
                session.reason = "silent" if self.is_silent(session) else reason
                self.end_session(session)

        return on_disconnect

    def is_silent(self, session):
        """python-socketio reports a peer that stopped answering pings as one reason or the other; this is the fact."""
        socket = self.eio.sockets.get(session.eio_sid)
        asked_at = socket.last_ping if socket else None
        return asked_at is not None and time.time() - asked_at > 0.9 * self.eio.ping_timeout

    def end_session(self, session):
        if self.by_connection.pop((session.eio_sid, session.namespace), None):
            session.waiting.clear()
            self.rules.disconnected(session)

    async def _handle_eio_disconnect(self, eio_sid, reason):
        await super()._handle_eio_disconnect(eio_sid, reason)
        for session in [s for key, s in self.by_connection.items() if key[0] == eio_sid]:
            self.end_session(session)

    # ---- packets

    async def _handle_event(self, eio_sid, namespace, id, data):
        session = self.by_connection.get((eio_sid, namespace or "/"))
        if session is None and self.rules_option("serves_unconnected", False) and namespace == NAMESPACE:
            session = self.open_session(eio_sid, namespace, f"early-{eio_sid}", self.environ[eio_sid])
        if session is not None:
            self.rules.received(session, data[0], data[1:], Reply(self, session, id))

    async def _handle_ack(self, eio_sid, namespace, id, data):
        session = self.by_connection.get((eio_sid, namespace or "/"))
        on_answer = session.waiting.pop(id, None) if session else None
        if on_answer:
            on_answer(data)


def admits(credential, environ, auth):
    """AUTH-01, AUTH-02: the key is looked for in the place that was configured, and nowhere else."""
    if credential is None:
        return True
    place, name, key = credential
    if place == "header":
        given = environ.get("HTTP_" + name.upper().replace("-", "_"))
    else:
        given = auth.get(name) if isinstance(auth, dict) else None
    return isinstance(given, str) and hmac.compare_digest(given.encode(), key.encode())


def parse_credential(text):
    if text == "none":
        return None
    place, _, rest = text.partition(":")
    name, equals, key = rest.partition("=")
    if place not in ("header", "auth") or not name or not equals or not key:
        raise argparse.ArgumentTypeError("expected none, header:NAME=KEY or auth:NAME=KEY")
    return place, name, key


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--defect", action="append", default=[], choices=sorted(strict_defects.TABLE), metavar="NAME")
    parser.add_argument("--variant", action="append", default=[], choices=sorted(strict_variants.TABLE), metavar="NAME")
    parser.add_argument("--revision", default="0.1", choices=ALL)
    parser.add_argument("--list-defects", action="store_true")
    parser.add_argument("--list-variants", action="store_true")
    parser.add_argument("--auth", type=parse_credential, default=None, metavar="SPEC")
    parser.add_argument("--ping-interval", type=int, default=25000, metavar="MS")
    parser.add_argument("--ping-timeout", type=int, default=20000, metavar="MS")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true", help="log every packet on standard error")
    return parser.parse_args()


def rules_class(defects=(), variants=(), revision="0.1"):
    """The clean rules of that revision with the chosen variants and defects laid over them."""
    layers = [strict_defects.TABLE[name].rules for name in defects]
    layers += [strict_variants.TABLE[name].rules for name in variants]
    return type("ChosenRules", (*layers, Rules), {"revision": REVISIONS[revision]})


def print_table(table):
    for name in sorted(table):
        entry = table[name]
        line = {"name": name, "requirements": entry.requirements, "what": entry.what, "needs": entry.needs}
        line["revisions"] = entry.revisions
        print(json.dumps(line, ensure_ascii=False))


def quiet_logger(verbose):
    logger = logging.getLogger("strict_server")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler() if verbose else logging.NullHandler())
    logger.setLevel(logging.INFO if verbose else logging.CRITICAL)
    return logger


def pairs(query):
    return parse_qsl(query, keep_blank_values=True)


def gate(server):
    """The version is looked at before Socket.IO sees the request (HS-22)."""

    @web.middleware
    async def look(request, handler):
        knock = Knock(request.path, pairs(request.query_string), request.headers)
        rejection = server.rules.rejection(knock)
        if rejection is None:
            return await handler(request)
        if knock.websocket and server.rules.close_code:
            answer = web.WebSocketResponse()
            await answer.prepare(request)
            if server.rules.first_frame:
                await answer.send_str(server.rules.first_frame)
            await answer.close(code=server.rules.close_code, message=rejection.reason.encode()[:123])
            return answer
        return web.Response(status=rejection.status, body=rejection.body, headers=rejection.headers)

    return look


@web.middleware
async def whole_body(request, handler):
    """engineio takes a body with one read(n), and aiohttp gives it only what has arrived by then: large posts came in cut off."""
    if request.can_read_body:
        request.content.unread_data(await request.read())
    return await handler(request)


async def start(rules, credential=None, port=0, verbose=False, **options):
    """Returns the server, its runner (to clean up) and the port it listens on."""
    logger = quiet_logger(verbose)
    server = StrictServer(rules, credential, logger=logger, engineio_logger=logger, **options)
    app = web.Application(middlewares=[gate(server), whole_body], client_max_size=16 << 20)
    server.attach(app, socketio_path="socket.io")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    sock = lifetime.bound_socket(port=port)
    await web.SockSite(runner, sock).start()
    return server, runner, sock.getsockname()[1]


async def stop(server, runner):
    """DISC-14: the clients see their transports closed."""
    for socket in list(server.eio.sockets.values()):
        await socket.close(wait=False)  # wait would last until a client that no longer polls has taken its packets
    await server.shutdown()
    await runner.cleanup()


async def serve(options):
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    lifetime.end_with_parent(lambda: loop.call_soon_threadsafe(ended.set))
    server, runner, port = await start(
        rules_class(options.defect, options.variant, options.revision),
        options.auth,
        options.port,
        options.verbose,
        ping_interval=options.ping_interval / 1000,
        ping_timeout=options.ping_timeout / 1000,
    )
    lifetime.print_ready(port, options.revision, defects=options.defect, variants=options.variant)
    await ended.wait()
    await stop(server, runner)


def main():
    options = parse_arguments()
    if options.list_defects:
        print_table(strict_defects.TABLE)
    elif options.list_variants:
        print_table(strict_variants.TABLE)
    else:
        asyncio.run(serve(options))


if __name__ == "__main__":
    sys.exit(main())
