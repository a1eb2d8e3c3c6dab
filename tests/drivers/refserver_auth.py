# SPDX-License-Identifier: Apache-2.0
"""Who may connect: none, a key in a header, a key in the auth object, keys in a file."""
import os
import tempfile

from refserver_clients import Refused, World
from refserver_lib import Server, check, equal

KEY, OTHER = "s3cret-key-é", "second key"


def admitted(world, **options):
    try:
        peer = world.peer(**options)
    except Refused:
        return False
    equal(peer.join(world.here, f"C{len(world.peers)}", "computer"), [True, None], "join of an admitted client")
    return True


def keys_of(server, kind, transport, rows):
    with World(server, transport, kind) as world:
        for wanted, options in rows:
            equal(admitted(world, **options), wanted, f"admitted with {options!r}")
    check(KEY not in server.stderr() and OTHER not in server.stderr(), "a key stands in the log")


def header(value, name="x-api-key"):
    return {"headers": {name: value}}


def auth_cases(results, kind):
    head_key = "s3cret-key"  # header values are ASCII
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "keys.txt")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(f"{KEY}\r\n\n{OTHER}\n{head_key}")
        tables = [
            ("AUTH-01 AUTH-02 AUTH-04 AUTH-05 AUTH-06 AUTH-11", f"header:x-api-key={head_key}", [
                (True, header(head_key)), (True, header(head_key, "X-API-KEY")), (False, header(head_key + "x")),
                (False, header(head_key[:-1])), (False, header("")), (False, {}), (False, header(head_key, "x-other")),
                (False, {"auth": {"x-api-key": head_key, "token": head_key}})]),
            ("AUTH-11", f"header:authorization=Bearer {head_key}", [
                (True, header(f"Bearer {head_key}", "Authorization")), (False, header(head_key, "Authorization"))]),
            ("AUTH-01 AUTH-02 AUTH-08 AUTH-11", f"auth:token={KEY}", [
                (True, {"auth": {"token": KEY}}), (True, {"auth": {"role": "agent", "token": KEY}}),
                (False, {"auth": {"token": KEY + "x"}}), (False, {"auth": {"token": ""}}), (False, {"auth": {"Token": KEY}}),
                (False, {"auth": {"token": [KEY]}}), (False, {"auth": {"token": 1}}), (False, {"auth": {}}), (False, {}),
                (False, header(head_key))]),
            ("AUTH-01 AUTH-02", f"auth=@{path}", [
                (True, {"auth": {"token": KEY}}), (True, {"auth": {"token": OTHER}}), (True, {"auth": {"token": head_key}}),
                (False, {"auth": {"token": "\r"}}), (False, {"auth": {"token": KEY + "\r"}}), (False, {"auth": {"token": ""}}),
                (False, {"auth": {"token": f"@{path}"}})]),
            ("AUTH-01", f"header=@{path}", [(True, header(head_key)), (True, header(OTHER)), (False, header("nope"))]),
            ("AUTH-01", "auth=@@at", [(True, {"auth": {"token": "@at"}}), (False, {"auth": {"token": "@@at"}})]),
            ("AUTH-01", "none", [(True, {}), (True, {"auth": {"token": "anything"}}), (True, header("anything"))]),
        ]
        for ids, spec, rows in tables:
            with Server("--auth", spec, "--log", "json") as server:
                for transport in ("polling", "websocket"):
                    what = spec.split("=")[0] + ("=@FILE" if path in spec else "")
                    results.run(f"auth {what} {transport}", ids, keys_of, server, kind, transport, rows)
