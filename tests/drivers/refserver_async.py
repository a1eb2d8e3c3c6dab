# SPDX-License-Identifier: Apache-2.0
"""python-socketio's AsyncClient against smcp-refserver: every case on every transport, then keys."""
import refserver_cases
from refserver_auth import auth_cases
from refserver_clients import TRANSPORTS, AsyncPeer, World
from refserver_lib import Results, Server, cases_of


def in_world(function, server, transport):
    with World(server, transport, AsyncPeer) as world:
        function(world)


results = Results("python-socketio AsyncClient")
with Server() as server:
    for transport in TRANSPORTS:
        for name, ids, function in cases_of(refserver_cases):
            results.run(f"async {transport}: {name}", ids, in_world, function, server, transport)
auth_cases(results, AsyncPeer)
results.end()
