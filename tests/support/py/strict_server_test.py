#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Test of strict_server.py itself.

One story is played against the clean server and must give exactly the transcript in strict_story.txt. The same
story against each defect must differ somewhere: a defect that nobody can see would prove nothing about the judge.

  strict_server_test.py                 everything; the last line is N passed, N failed, N skipped
  strict_server_test.py NAME...         only these defects, and what differs
  strict_server_test.py --url URL       the story on any other server, and what differs; texts of refusals are ignored; start it
                                        with key right in header x-api-key, pings every 500 ms, answered within 500 ms
  strict_server_test.py --program PROGRAM ARGUMENTS     the same on a server that is started for it
  strict_server_test.py --record        write the transcript of the clean server anew (read it before you commit it)
"""

import asyncio
import contextlib
import difflib
import json
import pathlib
import re
import subprocess
import sys

import strict_defects
import strict_server
import strict_variants
from raw_client import RawClient

GOLDEN = pathlib.Path(__file__).with_name("strict_story.txt")
KEY = ("header", "x-api-key", "right")
RESULT = {"content": [{"type": "text", "text": "é\u0000𝄞"}, {"n": None}], "isError": False, "list": [1, 2], "req_id": "q"}
FAILED = {"content": [], "isError": True}


def join(role, name, office):
    return {"role": role, "name": name, "office_id": office}


def request(computer, req_id="q", **more):
    return {"agent": "A", "req_id": req_id, "computer": computer, **more}


def tool_call(computer, req_id="q", **params):
    return request(computer, req_id, tool_name="echo", params=params, timeout=3)


class Story:
    """Clients by name; whatever they receive is the transcript, whatever their calls return is the log."""

    def __init__(self, url, transport, stack, quiet_s):
        self.url = url
        self.transport = transport
        self.stack = stack
        self.quiet_s = quiet_s
        self.clients = {}
        self.log = []

    async def client(self, name, connect=True, **options):
        options.setdefault("headers", {"x-api-key": "right"})
        client = await self.stack.enter_async_context(RawClient(self.url, self.transport, **options))
        self.clients[name] = client
        if connect:
            answer = await client.connect()
            self.note(f"{name} connects", answer.kind)
        return client

    def note(self, what, value):
        self.log.append((what, value))

    async def call(self, name, event, *args):
        answer = await self.clients[name].call(event, *args, timeout=self.quiet_s)
        self.note(f"{name} {event} {json.dumps(args, ensure_ascii=False)}", answer)
        await self.fence()
        return answer

    async def emit(self, name, event, *args, **options):
        await self.clients[name].emit(event, *args, **options)
        await self.fence()

    async def fence(self):
        await asyncio.gather(*(c.fence() for c in self.clients.values() if not c.closed.is_set()))

    def transcript(self):
        """Everything that differs between runs (sids) replaced by client names."""
        lines = [f"{what} -> {json.dumps(value, ensure_ascii=False)}" for what, value in self.log]
        for name, client in self.clients.items():
            lines += [f"{name} got {p.text}" for p in client.packets if "/fence" not in p.text]
        text = "\n".join(lines)
        for name, client in self.clients.items():
            sid = getattr(client, "sid", None)
            if sid:
                text = text.replace(sid, f"<{name}>").replace(sid[::-1], f"<{name} reversed>")
        return text


async def play(story):
    """Every rule of the strict server is touched once, so that every defect shows."""
    await rooms(story)
    await lists(story)
    await calls(story)
    await calls_in_flight(story)
    await reports(story)
    await moves(story)
    await malformed(story)
    await ends(story)
    await asyncio.sleep(0.35)  # the latest defect leaks after 290 ms
    await story.fence()


async def rooms(s):
    for name in ("A", "C1", "C2", "A2", "D1", "U"):
        await s.client(name)
    await s.call("A", "server:join_office", join("agent", "A", "r"))
    await s.call("C1", "server:join_office", join("computer", "c1", "r"))
    await s.call("C2", "server:join_office", join("computer", "C1", "r"))
    await s.call("A2", "server:join_office", join("agent", "A2", "R"))
    await s.call("D1", "server:join_office", join("computer", "d1", "R"))
    await s.call("C1", "server:join_office", join("computer", "c1", "r"))
    await s.call("U", "server:join_office", join("agent", "B", "r"))
    await s.call("U", "server:list_room", {"agent": "B", "req_id": "l", "office_id": "r"})
    await s.client("V")
    await s.call("V", "server:join_office", join("computer", "c1", "r"))
    await s.call("C1", "server:update_config", {"computer": "c1"})
    await s.call("A", "server:join_office", join("agent", "A", "R"))
    await s.call("A", "server:join_office", join("agent", "A", "r9"))
    await s.call("A", "server:list_room", {"agent": "A", "req_id": "l", "office_id": "r"})
    await s.call("C1", "server:join_office", join("agent", "c1", "r"))
    await s.client("W")
    await s.call("W", "server:join_office", join("computer", "w", "own"))
    await s.call("W", "server:join_office", join("computer", "w", s.clients["U"].sid))
    await s.call("W", "server:update_config", {"computer": "w"})
    await s.client("N")
    await s.call("V", "server:join_office", join("computer", "v0", "own"))
    await s.emit("N", "server:join_office", join("computer", "n", "own"))
    await s.emit("N", "server:update_config", {"computer": "n"})


async def lists(s):
    for office in ("r", "R", "nowhere"):
        await s.call("A", "server:list_room", {"agent": "A", "req_id": "l1", "office_id": office})
    await s.call("U", "server:list_room", {"agent": "U", "req_id": "l2", "office_id": "r"})


async def calls(s):
    for name in ("C1", "C2", "D1", "W"):
        for event in ("client:get_tools", "client:get_desktop", "client:get_config"):
            s.clients[name].answer(event, [{**RESULT, "from": name}])
        s.clients[name].answer("client:tool_call", [{**RESULT, "from": name}])
    await s.call("A", "client:tool_call", tool_call("c1", n=5))
    await s.call("A", "client:tool_call", tool_call("C1"))
    await s.call("A", "client:tool_call", tool_call("A"))
    await s.call("A", "client:get_desktop", request("c1", desktop_size=2, window="window://x"))
    for computer in ("c1", "d1"):
        await s.call("A", "client:tool_call", tool_call(computer))
        for event in ("client:get_tools", "client:get_config", "client:get_desktop"):
            await s.call("A", event, request(computer))
    await s.call("C1", "client:get_tools", request("C1"))
    await s.call("U", "client:get_tools", request("c1"))
    s.clients["C1"].answer("client:tool_call", [FAILED])
    await s.call("A", "client:tool_call", tool_call("c1"))


async def calls_in_flight(s):
    """Two calls of A and one of A2 wait; A lists meanwhile; the answers come in another order."""
    waiting = {}
    for name in ("C1", "D1"):
        s.clients[name].answer("client:tool_call", lambda p: waiting.update({p.data[1]["req_id"]: p}))
    first = asyncio.create_task(s.clients["A"].call("client:tool_call", tool_call("c1", "q1"), timeout=2))
    await s.fence()
    second = asyncio.create_task(s.clients["A"].call("client:tool_call", tool_call("c1", "q2"), timeout=2))
    third = asyncio.create_task(s.clients["A2"].call("client:tool_call", tool_call("d1", "q3"), timeout=2))
    await s.fence()
    await s.call("A", "server:list_room", {"agent": "A", "req_id": "l3", "office_id": "r"})
    await s.call("A2", "server:list_room", {"agent": "A2", "req_id": "l4", "office_id": "R"})
    for req_id, name in (("q2", "C1"), ("q3", "D1"), ("q1", "C1")):
        packet = waiting.get(req_id) or next((p for p in waiting.values() if p.data[1]["req_id"].endswith(req_id)), None)
        if packet:
            await s.clients[name].ack(packet.id, [{"for": req_id}])
        await s.fence()
        await s.fence()
    for what, task in (("first", first), ("second", second), ("third", third)):
        s.note(what, await task)
    slow = asyncio.create_task(s.clients["A"].call("client:tool_call", tool_call("c1", "q4"), timeout=2))
    await asyncio.sleep(1.1)
    packet = waiting.get("q4") or waiting.get("s-q4")
    if packet:
        await s.clients["C1"].ack(packet.id, [{"for": "q4"}])
    s.note("answer after 1.1 s", await slow)


async def reports(s):
    for event in ("update_config", "update_tool_list", "update_desktop"):
        await s.call("C1", f"server:{event}", {"computer": "c1"})
    await s.call("A", "server:update_config", {"computer": "c1"})
    await s.call("U", "server:update_config", {"computer": "u"})
    await s.call("A", "server:tool_call_cancel", {"agent": "A", "req_id": "q"})
    await s.call("A", "server:tool_call_cancel", {"agent": "A2", "req_id": "q"})
    await s.call("C1", "server:tool_call_cancel", {"agent": "c1", "req_id": "q"})
    await s.call("C1", "notify:update_config", {"computer": "c1"})
    await s.call("C1", "server:nope", {})


async def moves(s):
    for name in ("V2", "V3", "L"):
        await s.client(name)
    await s.call("V2", "server:join_office", join("computer", "v", "r"))
    await s.call("V2", "server:join_office", join("computer", "v", "R"))
    await s.call("C1", "server:update_config", {"computer": "c1"})
    await s.call("V2", "server:update_config", {"computer": "v"})
    await s.call("A", "server:list_room", {"agent": "A", "req_id": "l5", "office_id": "r"})
    await s.call("V2", "server:leave_office", {"office_id": "r"})
    await s.call("A2", "client:get_tools", request("v"))
    await s.call("A2", "server:list_room", {"agent": "A2", "req_id": "l6", "office_id": "R"})
    await s.call("D1", "server:update_config", {"computer": "d1"})
    await s.call("V2", "server:update_config", {"computer": "v"})
    await s.call("V3", "server:join_office", join("computer", "v", "R"))
    await s.call("A2", "server:leave_office", {"office_id": "R"})
    await s.call("A2", "client:get_tools", request("d1"))
    await s.call("A2", "server:tool_call_cancel", {"agent": "A2", "req_id": "q"})
    await s.call("L", "server:join_office", join("agent", "L", "R"))
    await s.call("L", "server:list_room", {"agent": "L", "req_id": "l7", "office_id": "R"})


async def malformed(s):
    for name, payload in (("M1", "text"), ("M2", {"role": "Agent", "name": "m", "office_id": "m"})):
        await s.client(name)
        await s.call(name, "server:join_office", payload)
        await s.call(name, "server:join_office", join("computer", name, "r"))
        await s.call(name, "server:list_room", {"agent": "", "req_id": "m", "office_id": "r"})
    await s.client("M3")
    await s.call("M3", "server:join_office", {"role": "computer", "office_id": "r"})
    await s.call("M1", "server:update_config", 7)
    await s.call("A", "server:list_room", {"agent": "A", "req_id": "l8", "office_id": "r"})
    early = await s.client("E", connect=False)
    await early.connect("/")
    await early.emit("server:join_office", join("computer", "slash", "r"), namespace="/")
    await early.emit("server:join_office", join("computer", "early", "r"))
    await s.fence()
    refused = await s.client("K", headers={"x-api-key": "wrong"})
    await refused.emit("server:join_office", join("computer", "refused", "r"))
    await s.fence()
    await s.client("K2", headers={})


async def ends(s):
    """A DISCONNECT, a clean close, an abrupt loss; then somebody new, and the freed seats."""
    for name in ("M1", "U"):
        await s.clients[name].send_engine("41/smcp,")
        await s.fence()
    await s.call("A", "server:list_room", {"agent": "A", "req_id": "l9", "office_id": "r"})
    if s.transport != "polling":
        for name in ("C2", "A"):
            s.clients[name].abort()
            await asyncio.sleep(0.05)
        await s.fence()
    await s.client("Z")
    await s.call("C1", "server:update_config", {"computer": "c1"})
    await s.call("Z", "server:join_office", join("agent", "Z", "r"))
    await s.call("Z", "server:list_room", {"agent": "Z", "req_id": "l10", "office_id": "r"})
    if s.transport != "polling":
        silent = await s.client("S")
        await s.call("S", "server:join_office", join("computer", "silent", "r"))
        silent.answers_pings = False
        with contextlib.suppress(asyncio.TimeoutError):
            await s.clients["Z"].wait(lambda p: '"silent"' in p.text and "leave" in p.text, 2.5)


async def run_story(defects, variants, transport="websocket"):
    rules = strict_server.rules_class(defects, variants)
    options = {"ping_interval": 0.5, "ping_timeout": 0.5}
    server, runner, port = await strict_server.start(rules, KEY, **options)
    try:
        return await tell(f"http://127.0.0.1:{port}", transport)
    finally:
        await strict_server.stop(server, runner)


async def tell(url, transport):
    async with contextlib.AsyncExitStack() as stack:
        story = Story(url, transport, stack, quiet_s=0.4)
        try:
            await asyncio.wait_for(play(story), 60)
        except Exception as error:  # a broken server may break the story; that shows as well
            story.note("story ended with", f"{type(error).__name__}: {error}")
        return story.transcript()


def without_free_parts(transcript):
    """Refusal texts, ack ids of requests, the spelling of JSON and the answer to CONNECT on / are free."""
    return "\n".join(free_parts_replaced(line) for line in transcript.splitlines() if not line.startswith("E got "))


def free_parts_replaced(line):
    line = re.sub(r"got 2/smcp,\d+\[", "got 2/smcp,ID[", line)
    head, _, tail = re.match(r"(.*?( -> | got \d(?:/smcp,)?(?:ID|\d+)?))(.*)$", line).groups()
    try:
        return head + json.dumps(without_text(json.loads(tail)), ensure_ascii=False)
    except ValueError:
        return line


def without_text(value):
    if isinstance(value, list) and len(value) == 2 and value[0] is False and isinstance(value[1], str) and value[1]:
        return [False, "text"]
    if isinstance(value, dict) and "message" in value:
        return {**value, "message": "text"}
    return [without_text(item) for item in value] if isinstance(value, list) else value


async def compare(url):
    """How another server's transcripts differ from those of the clean one."""
    score = Score()
    for transport in ("websocket", "polling", "upgrade"):
        expected = without_free_parts(await run_story([], [], transport))
        found = difference(expected, without_free_parts(await tell(url, transport)))
        score.judge(f"the story over {transport}", not found, found)
    return score.finish()


async def compare_with_program(command):
    process = await asyncio.create_subprocess_exec(*command, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL)
    try:
        return await compare(json.loads(await process.stdout.readline())["url"])
    finally:
        process.terminate()
        await process.wait()


def told_here(table):
    """The story is one of revision 0.1, told without a version."""
    return sorted(name for name, entry in table.items() if "0.1" in entry.revisions and "version" not in entry.needs)


class Score:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def judge(self, name, good, why):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAILED {name}: {why}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed, 0 skipped")
        return 1 if self.failed else 0


def difference(expected, actual):
    lines = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="", n=0)
    return "\n".join(lines)


async def check_clean(score):
    """The transcript of the clean server, read line by line against the digest, is kept beside this file."""
    expected = GOLDEN.read_text(encoding="utf-8").rstrip("\n")
    for transport in ("websocket", "upgrade"):
        actual = await run_story([], [], transport)
        score.judge(f"clean over {transport}", actual == expected, difference(expected, actual))
    return {"websocket": expected, "upgrade": expected, "polling": await run_story([], [], "polling")}


async def check_defect(score, name, clean):
    needs = strict_defects.TABLE[name].needs
    transport = next((t for t in ("polling", "upgrade") if t in needs), "websocket")
    broken = await run_story([name], [], transport)
    score.judge(f"defect {name}", broken != clean[transport], "cannot be told from the clean server")
    return difference(clean[transport], broken)


async def check_variant(score, name):
    other = await run_story([], [name])
    score.judge(f"variant {name}", "story ended" not in other, other[-200:])


async def main():
    if sys.argv[1:] == ["--record"]:
        GOLDEN.write_text(await run_story([], []) + "\n", encoding="utf-8")
        return 0
    if sys.argv[1:2] == ["--url"]:
        return await compare(sys.argv[2])
    if sys.argv[1:2] == ["--program"]:
        return await compare_with_program(sys.argv[2:])
    score = Score()
    clean = await check_clean(score)
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            print(await check_defect(score, name, clean))
    else:
        few_at_once = asyncio.Semaphore(6)

        async def take_turns(check):
            async with few_at_once:
                await check

        checks = [check_defect(score, name, clean) for name in told_here(strict_defects.TABLE)]
        checks += [check_variant(score, name) for name in told_here(strict_variants.TABLE)]
        await asyncio.gather(*(take_turns(check) for check in checks))
    return score.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
