#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real clients of the published Python SDK (a2c-smcp) at work on a server: its asynchronous and its synchronous Agent,
and its Computer with an MCP server on standard input and output. Runs in the SDK's own environment (ci/targets setup).

  sdk_clients.py URL                      against a server that runs
  sdk_clients.py -- PROGRAM ARGUMENTS     start it, read its ready line, stop it with SIGTERM, expect exit code 0
  sdk_clients.py --key KEY ...            the clients send KEY: 0.1 in the header x-api-key, 0.4 as `token` of the auth object

Last line: N passed, N failed, N skipped.
"""

import argparse
import asyncio
import contextlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import traceback
import uuid

os.environ.setdefault("A2C_SMCP_LOG_SILENT", "1")

from a2c_smcp.agent import AsyncSMCPAgentClient, DefaultAgentAuthProvider, SMCPAgentClient  # noqa: E402
from a2c_smcp.computer.computer import Computer  # noqa: E402
from a2c_smcp.computer.mcp_clients.model import StdioServerConfig  # noqa: E402
from a2c_smcp.computer.socketio.client import SMCPComputerClient  # noqa: E402
from a2c_smcp.smcp import SMCP_NAMESPACE  # noqa: E402
from mcp import StdioServerParameters  # noqa: E402

MCP_SERVER = pathlib.Path(__file__).with_name("sdk_clients_mcp.py")
DEADLINE_S = 15

# What differs between the releases that this driver runs in: 0.1.x and 0.4.x.
RELEASE = tuple(int(part) for part in importlib.metadata.version("a2c-smcp").split("."))
IS_0_4 = RELEASE >= (0, 4)
TOOL = "driver__" if IS_0_4 else ""  # from 0.3 on tools are named after their server (TLIST-05)
TOOLS = sorted(TOOL + name for name in ("echo", "fail"))


class Score:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.where = ""

    def check(self, name, good, actual=None):
        self.passed += bool(good)
        self.failed += not good
        print(f"{'ok    ' if good else 'FAILED'} {self.where}: {name}" + ("" if good else f": got {actual!r}"))


class Heard:
    """What the SDK told the Agent's event handler: (method, data) pairs, whichever thread it came from."""

    def __init__(self):
        self.queue = asyncio.Queue()
        self.loop = asyncio.get_running_loop()

    def put(self, method, data):
        self.loop.call_soon_threadsafe(self.queue.put_nowait, (method, data))

    async def next(self, method):
        """The data of the next call of that method; others before it are dropped."""
        while True:
            found, data = await asyncio.wait_for(self.queue.get(), DEADLINE_S)
            if found == method:
                return data


METHODS = (
    "on_computer_enter_office",
    "on_computer_leave_office",
    "on_computer_update_config",
    "on_tools_received",
)


def handler(heard, is_async):
    """An object with the methods that the SDK calls; each passes on what it got."""

    def method(name):
        async def later(self, *args):
            heard.put(name, args[:-1])

        def now(self, *args):
            heard.put(name, args[:-1])

        return later if is_async else now

    return type("Handler", (), {name: method(name) for name in METHODS})()


class Agent:
    """One face for both Agent classes: the synchronous one runs in a thread."""

    def __init__(self, kind, name, office, key):
        self.is_async = kind == "async"
        self.heard = Heard()
        self.name = name
        self.office = office
        provider = DefaultAgentAuthProvider(agent_id=name, office_id=office, api_key=key)
        client_class = AsyncSMCPAgentClient if self.is_async else SMCPAgentClient
        self.client = client_class(auth_provider=provider, event_handler=handler(self.heard, self.is_async))

    async def do(self, method, *args, **more):
        function = getattr(self.client, method)
        if self.is_async:
            return await function(*args, **more)
        return await asyncio.to_thread(function, *args, **more)

    async def call(self, event, payload):
        return await self.do("call", event, payload, namespace=SMCP_NAMESPACE, timeout=DEADLINE_S)

    async def connect(self, url, transports):
        await self.do("connect_to_server", url, transports=transports)

    async def join(self):
        await self.do("join_office", self.office, self.name, namespace=SMCP_NAMESPACE)

    async def computers(self):
        return [session["name"] for session in await self.do("get_computers_in_office", self.office)]


def new_computer(name):
    server = StdioServerConfig(
        name="driver",
        server_parameters=StdioServerParameters(command=sys.executable, args=["-W", "ignore", str(MCP_SERVER)]),
        default_tool_meta={"auto_apply": True},
    )
    return Computer(name=name, mcp_servers={server})


@contextlib.asynccontextmanager
async def running(computer):
    """The SDK's Computer.shutdown() may wait for ever for its MCP server; the test does not wait with it."""
    await computer.boot_up()
    try:
        yield computer
    finally:
        await asyncio.wait((asyncio.create_task(computer.shutdown()),), timeout=3)


def credential(key):
    if IS_0_4:
        return {"auth": {"token": key}} if key else {}
    return {"headers": {"x-api-key": key} if key else {}}


async def connect_computer(computer, url, transports, key):
    client = SMCPComputerClient(computer=computer)
    await client.connect(url, namespaces=[SMCP_NAMESPACE], transports=transports, **credential(key))
    return client


def text_of(result):
    return " ".join(item.text for item in result.content if item.type == "text")


async def play(score, url, key, kind, transports):
    """The life of an office, as the SDK's clients live it."""
    office = f"office-{uuid.uuid4().hex[:8]}"
    agent = Agent(kind, f"agent-{office}", office, key)
    name = f"computer-{office}"
    async with running(new_computer(name)) as computer:
        await agent.connect(url, transports)
        await agent.join()
        score.check("an empty office lists no Computer", await agent.computers() == [])
        client = await connect_computer(computer, url, transports, key)
        try:
            await client.join_office(office)
            await working_day(score, agent, name)
            await refusals(score, url, key, transports, agent, name)
            await updates(score, agent, client, name)
            await going_home(score, agent, client, name)
        finally:
            await client.disconnect()
            await agent.do("disconnect")


async def working_day(score, agent, name):
    (entered,) = await agent.heard.next("on_computer_enter_office")
    score.check("the Agent is told who entered", entered == {"office_id": agent.office, "computer": name}, entered)
    received = await agent.heard.next("on_tools_received")
    names = sorted(tool["name"] for tool in received[1])
    score.check("the Agent fetches the tools by itself", received[0] == name and names == TOOLS, received)
    score.check("the office lists the Computer", await agent.computers() == [name])

    tools = await agent.do("get_tools_from_computer", name)
    score.check("get_tools", sorted(tool["name"] for tool in tools["tools"]) == TOOLS, tools)
    schema = tools["tools"][0]["params_schema"]
    score.check("a tool brings its schema", schema.get("required") == ["text"], schema)

    result = await agent.do("emit_tool_call", name, TOOL + "echo", {"text": "Grüße 👋"}, timeout=DEADLINE_S)
    score.check("tool_call", not result.isError and text_of(result) == "echo: Grüße 👋", result)
    result = await agent.do("emit_tool_call", name, TOOL + "fail", {"text": "do it"}, timeout=DEADLINE_S)
    score.check("a failing tool is an error result", result.isError and "cannot do it" in text_of(result), result)
    desktop = await agent.do("get_desktop_from_computer", name)
    score.check("get_desktop", desktop["desktops"] == [] and desktop["req_id"], desktop)
    await config(score, agent, name)
    if IS_0_4:
        await younger_events(score, agent, name)


async def younger_events(score, agent, name):
    """What came with 0.2 and 0.4: resources, skills, blobs."""
    try:
        resources = await agent.do("get_resources", name, "driver")
    except Exception as error:  # the MCP server of this test has none: the Computer says so, and the server passes it on
        resources = error
    score.check("get_resources", "4015" in repr(vars(resources)) if isinstance(resources, Exception) else resources["req_id"], resources)
    skills = await agent.do("get_skills", name)
    score.check("get_skills", skills["skills"] == [] and skills["req_id"], skills)
    try:
        await agent.do("get_skill", name, "no-such-skill")
        score.check("an unknown skill is an error of the Computer", False, "found")
    except Exception as error:
        score.check("an unknown skill is an error of the Computer", "4014" in repr(vars(error)), vars(error))
    try:
        await agent.do("get_blob", name, "no-such-blob")
        score.check("an unknown blob is an error of the Computer", False, "found")
    except Exception as error:
        score.check("an unknown blob is an error of the Computer", "4018" in repr(vars(error)), vars(error))
    try:
        await agent.do("put_blob", name, b"bytes")
        score.check("a Computer without a place for files takes none", False, "taken")
    except Exception as error:
        score.check("a Computer without a place for files takes none", "4019" in str(error) or "forbidden" in repr(vars(error)), error)
    request = {"agent": agent.name, "req_id": "nobody", "computer": name + "-not"}
    answer = await agent.call("client:get_skills", request)
    score.check("an unknown Computer is 404", isinstance(answer, dict) and answer["code"] == 404, answer)


async def config(score, agent, name):
    """The SDK's own 0.1 server does not route this event; its Computer answers it all the same."""
    request = {"agent": agent.name, "req_id": "cfg", "computer": name}
    answer = await agent.call("client:get_config", request)
    score.check("get_config", isinstance(answer, dict) and list(answer.get("servers", {})) == ["driver"], answer)


async def refusals(score, url, key, transports, agent, name):
    twin = await connect_computer(Computer(name=name), url, transports, key)
    try:
        await twin.join_office(agent.office)
        score.check("a second Computer of that name is refused", False, "joined")
    except RuntimeError as error:
        score.check("a second Computer of that name is refused", "already exists" in str(error), str(error))
    finally:
        await twin.disconnect()

    rival = Agent("async", "rival", agent.office, key)
    await rival.connect(url, transports)
    answer = await rival.call("server:join_office", {"role": "agent", "name": "rival", "office_id": agent.office})
    score.check("a second Agent is refused", answer[0] is False and answer[1], answer)
    foreign = await rival.do("emit_tool_call", name, TOOL + "echo", {"text": "x"}, timeout=2)
    score.check("who is not in the office calls nobody", foreign.isError and "echo: x" not in text_of(foreign), foreign)
    await rival.do("disconnect")
    score.check("the office is as before", await agent.computers() == [name])


async def updates(score, agent, client, name):
    await client.emit_update_config()
    (updated,) = await agent.heard.next("on_computer_update_config")
    score.check("update_config reaches the Agent", updated == {"computer": name}, updated)
    received = await agent.heard.next("on_tools_received")
    score.check("the Agent fetches the tools again", received[0] == name, received)


async def going_home(score, agent, client, name):
    await client.leave_office(agent.office)
    (left,) = await agent.heard.next("on_computer_leave_office")
    score.check("the Agent is told who left", left == {"office_id": agent.office, "computer": name}, left)
    score.check("the office is empty again", await agent.computers() == [])

    await client.join_office(agent.office)
    await agent.heard.next("on_computer_enter_office")
    await client.disconnect()
    (left,) = await agent.heard.next("on_computer_leave_office")
    score.check("a disconnect counts as leaving", left == {"office_id": agent.office, "computer": name}, left)

    await agent.do("leave_office", agent.office, namespace=SMCP_NAMESPACE)  # asks for no ack: what is asked after it has to wait for it
    await agent.call("server:list_room", {"agent": agent.name, "req_id": uuid.uuid4().hex, "office_id": agent.office})
    successor = Agent("async", "successor", agent.office, None)
    successor.client.auth_provider = agent.client.auth_provider
    await successor.connect(str(agent.client.connection_url), ["websocket"])
    answer = await successor.call(
        "server:join_office", {"role": "agent", "name": "successor", "office_id": agent.office}
    )
    score.check("the Agent's seat is free after its leave", answer == [True, None] or answer == (True, None), answer)
    await successor.do("disconnect")


async def wrong_key(score, url):
    """AUTH-02 as the SDK's client sees it."""
    agent = Agent("async", "stranger", "nowhere", "not the key")
    try:
        await agent.connect(url, ["websocket"])
        score.check("a wrong key is refused", False, "connected")
        await agent.do("disconnect")
    except Exception as error:
        score.check("a wrong key is refused", type(error).__name__ == "ConnectionError", error)


async def run_all(score, url, key):
    for kind in ("async", "sync"):
        for transports in (["websocket"], ["polling"], ["polling", "websocket"]):
            score.where = f"{kind} Agent, {'+'.join(transports)}"
            try:
                await asyncio.wait_for(play(score, url, key, kind, transports), 90)
            except Exception as error:
                traceback.print_exc()
                score.check("the story plays to its end", False, f"{type(error).__name__}: {error}")
    if key:
        score.where = "credential"
        await wrong_key(score, url)


class Server:
    """A server of our own for the time of the test; its end is checked too."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = json.loads(line)["url"] if line else None

    def stop(self, score):
        self.process.terminate()
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "still running after 10 s"
        score.where = "server"
        score.check("SIGTERM ends it with exit code 0", code == 0, code)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key")
    parser.add_argument("server", nargs="+", metavar="URL | PROGRAM ARGUMENTS")
    options = parser.parse_args()
    score = Score()
    if options.server[0].startswith("http"):
        asyncio.run(run_all(score, options.server[0], options.key))
    else:
        server = Server(options.server)
        if server.url is None:
            print("the server printed no ready line")
            return 1
        try:
            asyncio.run(run_all(score, server.url, options.key))
        finally:
            server.stop(score)
    print(f"{score.passed} passed, {score.failed} failed, 0 skipped")
    return 1 if score.failed else 0


if __name__ == "__main__":
    sys.exit(main())
