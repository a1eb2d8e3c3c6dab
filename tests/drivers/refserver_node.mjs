// SPDX-License-Identifier: Apache-2.0
// socket.io-client against smcp-refserver: every 0.1 behaviour over polling, WebSocket and upgrade; the ids are those of the requirements.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";

const LIMIT = 10000;
const PROGRAM = join(process.env.BUILD_DIR ?? "build/dev", "bin", "smcp-refserver");
const TRANSPORTS = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const CALLS = ["client:tool_call", "client:get_tools", "client:get_config", "client:get_desktop", "client:get_finder"];
const UPDATES = ["update_config", "update_tool_list", "update_desktop", "update_finder"];
const [ENTER, LEAVE, CANCELLED] = ["notify:enter_office", "notify:leave_office", "notify:tool_call_cancel"];
const OK = [true, null];
const equal = assert.deepStrictEqual;

function within(promise, what) {
  let timer;
  const late = new Promise((_, no) => (timer = setTimeout(() => no(new Error(`not within ${LIMIT} ms: ${what}`)), LIMIT)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function serve(...options) {
  const child = spawn(PROGRAM, ["--listen", "127.0.0.1:0", "--ping-interval", "1000", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (d) => (stderr += d));
  const exited = new Promise((yes) => child.on("exit", (code, signal) => yes(code ?? signal)));
  const line = new Promise((yes) => createInterface({ input: child.stdout }).once("line", yes));
  const ready = JSON.parse(await within(Promise.race([line, exited.then((c) => Promise.reject(new Error(`exit ${c}: ${stderr}`)))]), "ready line"));
  const stop = async () => {
    child.kill("SIGTERM");
    equal(await within(exited, "exit"), 0, `exit code of the server; stderr: ${stderr}`);
  };
  return { ready, stop, stderr: () => stderr };
}

class Peer {
  received = [];
  handlers = {};
  waiting = [];

  constructor(world, options) {
    this.socket = io(world.server.ready.url + "/smcp", {
      path: world.server.ready.path, transports: TRANSPORTS[world.transport], forceNew: true, reconnection: false, ...options,
    });
    this.socket.onAny((event, ...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : null;
      this.received.push([event, ...args]);
      this.waiting = this.waiting.filter((w) => !w());
      const handler = this.handlers[event];
      if (ack && handler) Promise.resolve(handler(...args)).then((result) => ack(...result));
      else if (ack) ack();
    });
  }

  async connect() {
    await within(new Promise((yes, no) => {
      this.socket.on("connect", yes);
      this.socket.on("connect_error", (e) => no(e));
    }), "connect");
    return this;
  }

  events(name) {
    return this.received.filter(([event]) => event === name).map(([, ...args]) => args);
  }

  wait(event, count = 1) {
    return within(new Promise((yes) => {
      const there = () => this.events(event).length >= count && (yes(this.events(event)[count - 1]), true);
      if (!there()) this.waiting.push(there);
    }), `${this.name}: ${event}; received ${JSON.stringify(this.received)}`);
  }

  ask(event, ...args) {
    return within(new Promise((yes) => this.socket.emit(event, ...args, (...ack) => yes(ack))), `ack of ${event}`);
  }

  join(office, name, role) {
    return this.ask("server:join_office", { role, name, office_id: office });
  }

  leave(office) {
    return this.ask("server:leave_office", { office_id: office });
  }

  async names(office) {
    const [answer] = await this.ask("server:list_room", { agent: "x", req_id: "q", office_id: office });
    return answer.sessions.map((s) => s.name).sort();
  }

  fence() {
    return this.ask("server:list_room", { agent: "fence", req_id: "fence", office_id: "fence" });
  }

  // Nothing but these events has come; proven by a request that is always answered.
  async quiet(...allowed) {
    await this.fence();
    equal(this.received.filter(([event]) => !allowed.includes(event)), [], `${this.name} must be quiet`);
  }

  async forget() {
    await this.fence();
    this.received = [];
  }
}

class World {
  static count = 0;

  constructor(server, transport) {
    World.count++;
    Object.assign(this, { server, transport, peers: [], here: `node ${World.count}`, there: `other node ${World.count}` });
  }

  async peer(options) {
    const peer = new Peer(this, options);
    peer.name = `unjoined ${this.peers.length}`;
    this.peers.push(peer);
    return peer.connect();
  }

  async member(role, name, office = this.here) {
    const peer = await this.peer();
    equal(await peer.join(office, name, role), OK, `join of ${name}`);
    return Object.assign(peer, { name, role, office });
  }

  agent(name = "A", office) {
    return this.member("agent", name, office);
  }

  computer(name = "C", office) {
    return this.member("computer", name, office);
  }

  call(computer, more) {
    return { agent: "A", req_id: "r1", computer, tool_name: "echo", params: { x: 1 }, timeout: 5, ...more };
  }

  close() {
    for (const peer of this.peers) peer.socket.disconnect();
  }
}

function refused(ack, ...words) {
  equal([ack.length, ack[0], typeof ack[1]], [2, false, "string"], JSON.stringify(ack));
  for (const word of words) assert(ack[1].toLowerCase().includes(word), `${word} is not in ${ack[1]}`);
}

function error(ack, code) {
  equal([ack.length, Object.keys(ack[0]).sort(), ack[0].code], [1, ["code", "message"], code], JSON.stringify(ack));
}

const gate = () => {
  let open;
  const promise = new Promise((yes) => (open = yes));
  return { promise, open };
};

const cases = {
  "SIO-01 SIO-04 SIO-12": async function three_clients_connect(w) {
    const peers = [await w.peer(), await w.peer(), await w.peer()];
    equal(new Set(peers.map((p) => p.socket.id)).size, 3);
    if (w.transport === "upgrade")
      await Promise.all(peers.map(({ socket: { io: { engine } } }) =>
        engine.transport.name === "websocket" || within(new Promise((yes) => engine.once("upgrade", yes)), "upgrade")));
    equal(new Set(peers.map((p) => p.socket.io.engine.transport.name)), new Set([w.transport === "polling" ? "polling" : "websocket"]));
    equal(await peers[0].join(w.here, "A", "agent"), OK);
  },
  "ROOM-01 SIO-08 NOTIFY-01 NOTIFY-02 NOTIFY-03 NOTIFY-04 NOTIFY-05 NOTIFY-07 NOTIFY-08": async function joins_are_acked_and_announced(w) {
    const [computer, foreign, loose] = [await w.computer(), await w.agent("B", w.there), await w.peer()];
    const agent = await w.agent();
    equal(await computer.wait(ENTER), [{ office_id: w.here, agent: "A" }]);
    await w.computer("D");
    for (const p of [agent, computer]) equal((await p.wait(ENTER, p === agent ? 1 : 2)), [{ office_id: w.here, computer: "D" }]);
    await agent.quiet(ENTER);
    equal(agent.received.length, 1);
    for (const p of [foreign, loose]) await p.quiet();
  },
  "SIO-07": async function a_join_without_ack_has_the_same_effect(w) {
    const [agent, computer] = [await w.agent(), await w.peer()];
    computer.socket.emit("server:join_office", { role: "computer", name: "C", office_id: w.here });
    equal(await agent.wait(ENTER), [{ office_id: w.here, computer: "C" }]);
    equal(await agent.names(w.here), ["A", "C"]);
  },
  "ROOM-12 ROOM-15 ROOM-19 ROOM-22 ROOM-32 ROOM-34 ROOM-36 NOTIFY-06": async function refused_joins_change_nothing(w) {
    const [agent, computer, late] = [await w.agent(), await w.computer(), await w.peer()];
    await agent.wait(ENTER);
    refused(await late.join(w.here, "A2", "agent"), "agent", "room");
    refused(await late.join(w.here, "C", "computer"), "already exists");
    refused(await agent.join(w.there, "A", "agent"), "room");
    refused(await computer.join(w.here, "C", "agent"), "role");
    refused(await computer.join(w.here, "D", "computer"), "name");
    equal(await computer.join(w.here, "C", "computer"), OK);
    await computer.ask("server:update_config", { computer: "C" });
    await agent.wait("notify:update_config");
    await late.quiet();
    await computer.quiet();
    equal(agent.received.length, 2);
    equal(await agent.names(w.here), ["A", "C"]);
  },
  "ROOM-05 SEC-02": async function malformed_joins_are_refused(w) {
    const [agent, bad] = [await w.agent(), await w.peer()];
    const good = { role: "computer", name: "C", office_id: w.here };
    for (const args of [[], [null], [[]], ["x"], [good, {}], [{}], [{ ...good, role: "Agent" }], [{ ...good, name: 7 }], [{ ...good, name: "" }],
      [{ ...good, office_id: "" }], [{ ...good, office_id: null }], [{ ...good, name: "x".repeat(513) }]])
      refused(await bad.ask("server:join_office", ...args));
    await agent.quiet();
    equal(await bad.join(w.here, "C", "computer"), OK);
  },
  "ROOM-17 ROOM-20 ROOM-24 ROOM-25 ROOM-27 ROOM-28 LIST-14": async function offices_are_switched(w) {
    const [here, there, computer] = [await w.agent("N"), await w.agent("N", w.there), await w.computer("N")];
    await w.computer("M");
    equal(await computer.join(w.there, "N", "computer"), OK);
    equal(await here.wait(LEAVE), [{ office_id: w.here, computer: "N" }]);
    equal(await there.wait(ENTER), [{ office_id: w.there, computer: "N" }]);
    equal([await here.names(w.here), await there.names(w.there)], [["M", "N"], ["N", "N"]]);
    equal(await here.leave(w.here), OK);
    await there.leave(w.there);
    equal(await here.join(w.there, "N", "agent"), OK);
    equal(await computer.wait(ENTER, 2), [{ office_id: w.there, agent: "N" }]); // the first was M's
  },
  "ROOM-10 ROOM-11 SEC-06": async function ids_are_opaque_and_sids_are_no_offices(w) {
    const [victim, intruder] = [await w.agent(), await w.peer()];
    equal(await intruder.join(victim.socket.id, "I\u0000é😀", "computer"), OK);
    await intruder.ask("server:update_config", { computer: "I" });
    equal(await intruder.names(victim.socket.id), ["I\u0000é😀"]);
    await victim.quiet();
  },
  "LEAVE-01 LEAVE-03 LEAVE-04 LEAVE-05 LEAVE-07 LEAVE-08": async function leaving(w) {
    const [agent, computer, foreign] = [await w.agent(), await w.computer(), await w.agent("B", w.there)];
    for (const args of [[], [{}], [{ office_id: 1 }]]) refused(await computer.ask("server:leave_office", ...args));
    equal(await computer.leave(w.there), OK);
    equal(await agent.wait(LEAVE), [{ office_id: w.here, computer: "C" }]);
    equal(await computer.leave(w.here), OK);
    error(await agent.ask("client:tool_call", w.call("C")), 404);
    await agent.ask("server:tool_call_cancel", { agent: "A", req_id: "x" });
    await computer.quiet();
    await foreign.quiet();
    equal(await agent.names(w.here), ["A"]);
  },
  "LIST-01 LIST-02 LIST-03 LIST-04 LIST-09 LIST-12": async function listing(w) {
    const agent = await w.agent();
    const [computer, loose] = [await w.computer(), await w.peer()];
    const sessions = [agent, computer].map((p) => ({ sid: p.socket.id, name: p.name, role: p.role, office_id: w.here }));
    for (const p of [agent, computer])
      equal(await p.ask("server:list_room", { agent: "any", req_id: "é", office_id: w.here }), [{ sessions, req_id: "é" }]);
    for (const p of [agent, loose]) error(await p.ask("server:list_room", { agent: "x", req_id: "q", office_id: w.there }), 403);
    error(await agent.ask("server:list_room", { office_id: w.here }), 400);
  },
  "TOOL-01 TOOL-02 ROUTE-01 ROUTE-02 ROUTE-03 ROUTE-04 CONF-01 DESK-01 TLIST-01 FIND-01": async function calls_are_relayed(w) {
    const [agent, computer, other] = [await w.agent(), await w.computer(), await w.computer("D")];
    for (const event of CALLS) {
      const answer = { for: event, req_id: "r1", more: [null, 1.5, "\u0000"] };
      computer.handlers[event] = () => [answer];
      const request = w.call("C", { desktop_size: 3, window: "w://x", unknown: { deep: [{}] } });
      equal(await agent.ask(event, request), [answer]);
      equal(computer.events(event), [[request]]);
    }
    await other.quiet();
    await agent.quiet(ENTER);
  },
  "ROUTE-05 ROUTE-06 ROUTE-07 ROUTE-08 ROUTE-09 ROUTE-13 ROUTE-15 ROUTE-16 ROUTE-17": async function calls_are_refused(w) {
    const [agent, computer, foreign, loose] = [await w.agent(), await w.computer(), await w.computer("F", w.there), await w.peer()];
    for (const event of CALLS) {
      const unknown = await agent.ask(event, w.call("nobody"));
      error(unknown, 404);
      for (const name of ["F", "A", foreign.socket.id, ""]) equal(await agent.ask(event, w.call(name)), unknown);
      error(await loose.ask(event, w.call("C")), 404);
      error(await computer.ask(event, w.call("C")), 403);
      for (const args of [[], [null], ["C"], [{}], [{ computer: 1 }], [w.call("C"), 1]]) error(await agent.ask(event, ...args), 400);
    }
    for (const p of [computer, foreign, loose]) await p.quiet();
  },
  "SIO-11 SIO-13 SIO-14": async function calls_in_flight(w) {
    const [agent, computer, agent2, computer2] = [await w.agent(), await w.computer(), await w.agent("A", w.there), await w.computer("C", w.there)];
    const gates = new Map();
    for (const [c, office] of [[computer, 1], [computer2, 2]])
      c.handlers["client:tool_call"] = ({ req_id }) => {
        const g = gate();
        gates.set(`${office} ${req_id}`, g);
        return g.promise;
      };
    const results = [];
    const calls = [];
    for (let n = 0; n < 20; n++)
      for (const [a, office] of [[agent, 1], [agent2, 2]])
        calls.push(a.ask("client:tool_call", w.call("C", { req_id: `r${n}` })).then((ack) => results.push([`${office} r${n}`, ack])));
    await computer.wait("client:tool_call", 20);
    await computer2.wait("client:tool_call", 20);
    equal(await agent.names(w.here), ["A", "C"]);
    equal(results, []);
    for (const [key, g] of [...gates].reverse()) g.open([{ key }]);
    await Promise.all(calls);
    equal(results.length, 40);
    for (const [key, ack] of results) equal(ack, [{ key }]);
  },
  "ROUTE-03 ROUTE-20 ROUTE-21": async function answers_are_literal(w) {
    const [agent, computer] = [await w.agent(), await w.computer()];
    for (const answer of [[], [null], [1, 2], [true, null], [[]], ["text"], [{ code: 4014, message: "m" }], [{ code: 404, content: [] }]]) {
      computer.handlers["client:get_tools"] = () => answer;
      equal(await agent.ask("client:get_tools", w.call("C")), answer);
    }
  },
  "ROUTE-03 SIO-04": async function binary_both_ways(w) {
    const [agent, computer] = [await w.agent(), await w.computer()];
    const blob = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    computer.handlers["client:tool_call"] = ({ params }) => [{ back: params.blob, more: [Buffer.alloc(0), Buffer.alloc(5000, 7)] }, Buffer.from("x")];
    equal(await agent.ask("client:tool_call", w.call("C", { params: { blob } })),
      [{ back: blob, more: [Buffer.alloc(0), Buffer.alloc(5000, 7)] }, Buffer.from("x")]);
    equal(computer.events("client:tool_call"), [[w.call("C", { params: { blob } })]]);
  },
  "DISC-07 DISC-08": async function losses_during_calls(w) {
    const [agent, computer] = [await w.agent(), await w.computer()];
    const g = gate();
    computer.handlers["client:tool_call"] = () => g.promise;
    const calls = [1, 2, 3].map(() => agent.ask("client:tool_call", w.call("C", { timeout: 60 })));
    await computer.wait("client:tool_call", 3);
    computer.socket.disconnect();
    for (const call of calls) error(await call, 404);
    equal(await agent.wait(LEAVE), [{ office_id: w.here, computer: "C" }]);
    const next = await w.computer("C");
    next.handlers["client:tool_call"] = () => g.promise;
    agent.socket.emit("client:tool_call", w.call("C"), () => {});
    await next.wait("client:tool_call");
    agent.socket.disconnect();
    await next.wait(LEAVE);
    g.open([{ nobody: "hears this" }]);
    const again = await w.agent("A");
    await again.quiet();
    await next.quiet(LEAVE, ENTER, "client:tool_call");
  },
  "UPD-01 UPD-02 UPD-03 UPD-06 UPD-07 UPD-08 UPD-11 UPD-12 NOTIFY-14 NOTIFY-15": async function updates(w) {
    const [agent, computer, other, foreign, loose] = [await w.agent(), await w.computer(), await w.computer("D"), await w.computer("F", w.there), await w.peer()];
    for (const p of w.peers) await p.forget();
    for (const update of UPDATES) {
      equal(await computer.ask(`server:${update}`, { computer: `echo ${update}` }), []);
      for (const p of [agent, other]) equal(await p.wait(`notify:${update}`), [{ computer: `echo ${update}` }]);
      for (const p of [agent, loose]) equal(await p.ask(`server:${update}`, { computer: "C" }), []);
      for (const args of [[], [null], [{}], [{ computer: 1 }]]) equal(await computer.ask(`server:${update}`, ...args), []);
    }
    for (const p of [agent, other]) {
      await p.quiet(...UPDATES.map((u) => `notify:${u}`));
      equal(p.received.length, UPDATES.length);
    }
    for (const p of [computer, foreign, loose]) await p.quiet();
  },
  "CANCEL-01 CANCEL-02 CANCEL-03 CANCEL-04 CANCEL-05": async function cancels(w) {
    const [agent, computer, other, foreign] = [await w.agent(), await w.computer(), await w.computer("D"), await w.computer("F", w.there)];
    for (const p of w.peers) await p.forget();
    for (const [p, args] of [[agent, [{ agent: "B", req_id: "r" }]], [agent, [{ agent: "A" }]], [computer, [{ agent: "A", req_id: "r" }]], [agent, []]])
      equal(await p.ask("server:tool_call_cancel", ...args), []);
    for (const p of [computer, other]) await p.quiet();
    equal(await agent.ask("server:tool_call_cancel", { agent: "A", req_id: "r" }), []);
    for (const p of [computer, other]) {
      equal(await p.wait(CANCELLED), [{ agent: "A", req_id: "r" }]);
      await p.quiet(CANCELLED);
      equal(p.received.length, 1);
    }
    for (const p of [agent, foreign]) await p.quiet();
  },
  "NOTIFY-09 SIO-06 SIO-16": async function unknown_events(w) {
    const [agent, computer] = [await w.agent(), await w.computer()];
    await agent.forget();
    let acked = 0;
    for (const event of [ENTER, CANCELLED, "server:nope", "client:get_skills", "server_leave_office"])
      computer.socket.emit(event, { office_id: w.here, computer: "C" }, () => acked++);
    await computer.quiet();
    await agent.quiet();
    equal(acked, 0);
    equal(await agent.names(w.here), ["A", "C"]);
  },
  "SIO-11": async function events_take_effect_in_order(w) {
    const p = await w.peer();
    const request = { agent: "x", req_id: "q", office_id: w.here };
    const acks = await Promise.all([p.ask("server:list_room", request), p.join(w.here, "C", "computer"), p.ask("server:list_room", request),
      p.leave(w.here), p.ask("server:list_room", request)]);
    equal([acks[0][0].code, acks[1], acks[2][0].sessions.length, acks[3], acks[4][0].code], [403, OK, 1, OK, 403]);
  },
  "DISC-01 DISC-02 DISC-03 DISC-05 DISC-06 DISC-11": async function every_end_is_noticed(w) {
    const [agent, witness, loose] = [await w.agent(), await w.computer("W"), await w.peer()];
    const ends = [(p) => p.socket.disconnect(), (p) => p.socket.io.engine.close()];
    for (const [n, end] of ends.entries()) {
      const computer = await w.computer();
      end(computer);
      equal(await witness.wait(LEAVE, n + 1), [{ office_id: w.here, computer: "C" }]);
      error(await (await w.peer()).ask("server:list_room", { agent: "x", req_id: "q", office_id: w.here }), 403);
    }
    loose.socket.disconnect();
    agent.socket.disconnect();
    equal(await witness.wait(LEAVE, 3), [{ office_id: w.here, agent: "A" }]);
    await w.agent("A2");
    await witness.wait(ENTER, 3);
    await witness.quiet(ENTER, LEAVE);
    equal(witness.received.length, 6);
  },
};

async function auth(transport) {
  const folder = mkdtempSync(join(tmpdir(), "keys-"));
  writeFileSync(join(folder, "keys"), "first\nsecond\n");
  const head = (value) => ({ extraHeaders: { "X-API-Key": value } });
  const tables = [
    ["header:x-api-key=first", [[true, head("first")], [false, head("fist")], [false, {}], [false, { auth: { token: "first" } }]]],
    ["auth:token=first", [[true, { auth: { token: "first" } }], [false, { auth: { token: "x" } }], [false, { auth: {} }], [false, head("first")]]],
    [`auth=@${folder}/keys`, [[true, { auth: { token: "second" } }], [false, { auth: { token: "third" } }]]],
    ["none", [[true, {}]]],
  ];
  for (const [spec, rows] of tables) {
    const server = await serve("--auth", spec);
    const w = new World(server, transport);
    for (const [wanted, options] of rows) {
      const admitted = await w.peer(options).then(() => true, (e) => (equal(e.message, "Authentication failed"), false));
      equal(admitted, wanted, `${spec} with ${JSON.stringify(options)}`);
    }
    w.close();
    await server.stop();
  }
  rmSync(folder, { recursive: true });
}

const counts = { passed: 0, failed: 0 };
async function run(name, ids, action) {
  const begin = performance.now();
  try {
    await action();
    counts.passed++;
    console.log(`ok   ${name} [${ids}] ${Math.round(performance.now() - begin)} ms`);
  } catch (e) {
    counts.failed++;
    console.log(`FAIL ${name} [${ids}]: ${e.stack}`);
  }
}

console.log("-- socket.io-client");
const server = await serve();
for (const transport of Object.keys(TRANSPORTS)) {
  for (const [ids, action] of Object.entries(cases)) {
    const world = new World(server, transport);
    await run(`node ${transport}: ${action.name}`, ids, () => action(world));
    world.close();
  }
  await run(`node ${transport}: keys`, "AUTH-01 AUTH-02 AUTH-04 AUTH-08", () => auth(transport));
}
await run("node: the server ends cleanly", "DISC-14", () => server.stop());
console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
process.exit(counts.failed || !counts.passed ? 1 : 0);
