#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// A clean SMCP server of revisions rfc to 0.4 on npm socket.io, strict reading of the requirements digest: a third
// implementation that shares nothing with ours, for finding false reds of the judge.
//
//   strict-server.mjs [--revision R] [--auth header:NAME=KEY | auth:NAME=KEY] [--ping-interval MS] [--ping-timeout MS]
//                     [--deny-websocket http | close]   how a WebSocket of another version is refused: HTTP 400, or 101 and 4900
//
// The first line on standard output is the ready line. Ends with its standard input, or on SIGTERM.

import { fstatSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const require = createRequire(new URL("../../drivers/package.json", import.meta.url));
const { Server } = require("socket.io");
const { WebSocketServer } = createRequire(require.resolve("engine.io"))("ws");

const CALLS_02 = ["tool_call", "get_tools", "get_desktop", "get_config", "get_resources", "get_skills", "get_skill", "get_blob"];
const UPDATES_02 = ["update_config", "update_tool_list", "update_desktop", "update_skills"];
const REVISIONS = {
  rfc: {
    agentKey: "robot_id",
    calls: ["tool_call", "get_tools", "get_desktop", "get_mcp_config"],
    updates: ["update_mcp_config", "desktop_refresh"],
    lists: false,
    error: (error) => ({ error }), // RFC-06
  },
  0.1: {
    calls: ["tool_call", "get_tools", "get_desktop", "get_config", "get_finder"],
    updates: ["update_config", "update_tool_list", "update_desktop", "update_finder"],
  },
  0.2: { version: "0.2.0", calls: CALLS_02, updates: UPDATES_02 },
  0.3: { version: "0.3.0", calls: CALLS_02, updates: UPDATES_02 },
  0.4: { version: "0.4.2", calls: [...CALLS_02, "put_blob"], updates: UPDATES_02 },
};
const NOT_FOUND = { code: 404, message: "Computer not found" };
const BAD_REQUEST = { code: 400, message: "Invalid request payload" };
const OTHER_WAIT_MS = 60000;
const TOOL_CALL_MARGIN_MS = 5000; // ROUTE-23

const options = parseArgs({
  options: {
    revision: { type: "string", default: "0.1" },
    auth: { type: "string", default: "none" },
    "deny-websocket": { type: "string", default: "http" },
    "ping-interval": { type: "string", default: "25000" },
    "ping-timeout": { type: "string", default: "20000" },
  },
}).values;

const revision = { agentKey: "agent", lists: true, error: (error) => error, ...REVISIONS[options.revision] };

// office id -> members in order of arrival; a member is a socket with data {role, name, office}
const offices = new Map();

const members = (office) => offices.get(office) ?? [];
const peers = (socket, role, office) => members(office).filter((m) => m !== socket && m.data.role === role);

function notify(socket, event, payload) {
  for (const member of members(socket.data.office)) {
    if (member !== socket) {
      member.emit(event, payload);
    }
  }
}

function unseat(socket) {
  const { role, name, office } = socket.data;
  if (office === undefined) {
    return;
  }
  notify(socket, "notify:leave_office", { office_id: office, [role]: name });
  const rest = members(office).filter((member) => member !== socket);
  rest.length > 0 ? offices.set(office, rest) : offices.delete(office);
  socket.data.office = undefined;
}

function seat(socket, { role, name, office_id: office }) {
  unseat(socket); // ROOM-29: leave before enter
  Object.assign(socket.data, { role, name, office });
  offices.set(office, [...members(office), socket]);
  notify(socket, "notify:enter_office", { office_id: office, [role]: name });
}

// The payload when it is the only argument, an object, and the named members are strings.
function payload(args, ...names) {
  const [value] = args;
  const isObject = args.length === 1 && typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && names.every((name) => typeof value[name] === "string") ? value : undefined;
}

function joinProblem(socket, request) {
  if (!request || !["agent", "computer"].includes(request.role) || !request.name || !request.office_id) {
    return "Invalid request payload";
  }
  const { role, name, office_id: office } = request;
  const mine = socket.data;
  if (mine.role && mine.role !== role) {
    return `Role mismatch: this connection is a ${mine.role}`; // ROOM-32
  }
  if (mine.office !== undefined && mine.name !== name) {
    return "Name mismatch: this connection has another name";
  }
  if (role === "agent" && mine.office !== undefined && mine.office !== office) {
    return "Agent is already in another room"; // ROOM-15
  }
  if (role === "agent" && peers(socket, role, office).length > 0) {
    return "Room already has an agent"; // ROOM-12
  }
  if (peers(socket, role, office).some((peer) => peer.data.name === name)) {
    return `The name ${name} already exists in this room`; // ROOM-22
  }
  return undefined;
}

function join(socket, args, ack) {
  const request = payload(args, "role", "name", "office_id");
  const problem = joinProblem(socket, request);
  if (problem) {
    ack(false, problem);
    return;
  }
  if (socket.data.office !== request.office_id) {
    seat(socket, request);
  }
  ack(true, null);
}

function leave(socket, args, ack) {
  if (!payload(args, "office_id")) {
    ack(false, "Invalid request payload");
    return;
  }
  unseat(socket);
  ack(true, null);
}

function listRoom(socket, args, ack) {
  const request = payload(args, "agent", "req_id", "office_id");
  if (!request) {
    ack(revision.error(BAD_REQUEST));
  } else if (socket.data.office === undefined || socket.data.office !== request.office_id) {
    ack(revision.error({ code: 403, message: "Cross-room access denied" }));
  } else {
    const sessions = members(request.office_id).map(({ id, data }) => ({
      sid: id,
      name: data.name,
      role: data.role,
      office_id: data.office,
      ...(revision.version && { a2c_version: data.version }), // LIST-07
    }));
    ack({ sessions, req_id: request.req_id });
  }
}

function cancel(socket, args, ack) {
  const request = payload(args, revision.agentKey, "req_id");
  const { role, name, office } = socket.data;
  if (request && role === "agent" && office !== undefined && request[revision.agentKey] === name) {
    notify(socket, "notify:tool_call_cancel", { [revision.agentKey]: name, req_id: request.req_id });
  }
  reported(ack);
}

// D-16: from 0.2 on reports have no ack.
function reported(ack) {
  revision.version || ack();
}

function update(kind) {
  return (socket, args, ack) => {
    const request = payload(args, "computer");
    if (request && socket.data.role === "computer" && socket.data.office !== undefined) {
      notify(socket, `notify:${kind}`, { computer: request.computer });
    }
    reported(ack);
  };
}

function relay(event) {
  return (socket, args, ack) => {
    const request = payload(args, "computer");
    if (!request) {
      ack(revision.error(BAD_REQUEST));
      return;
    }
    if (socket.data.role === "computer") {
      ack(revision.error({ code: 403, message: "Only agents may issue client:* calls" }));
      return;
    }
    const computer = members(socket.data.office).find(
      (m) => m.data.role === "computer" && m.data.name === request.computer,
    );
    computer ? forward(computer, event, request, ack) : ack(revision.error(NOT_FOUND));
  };
}

// Ends by the answer, by the Computer's disconnect (404) or by time (no ack): whichever comes first.
function forward(computer, event, request, ack) {
  let timer;
  const finish = (...answer) => {
    clearTimeout(timer);
    computer.off("disconnect", vanished);
    finish.done || ack(...answer);
    finish.done = true;
  };
  const vanished = () => finish(revision.error(NOT_FOUND));
  const expire = () => {
    finish.done = true;
    finish();
  };
  const seconds = event === "client:tool_call" && typeof request.timeout === "number" ? request.timeout : undefined;
  timer = setTimeout(expire, seconds === undefined ? OTHER_WAIT_MS : seconds * 1000 + TOOL_CALL_MARGIN_MS);
  computer.on("disconnect", vanished);
  computer.emit(event, request, finish);
}

const handlers = new Map([
  ["server:join_office", join],
  ["server:leave_office", leave],
  ...(revision.lists ? [["server:list_room", listRoom]] : []),
  ["server:tool_call_cancel", cancel],
  ...revision.updates.map((kind) => [`server:${kind}`, update(kind)]),
  ...revision.calls.map((kind) => [`client:${kind}`, relay(`client:${kind}`)]),
]);

function admission(spec) {
  if (spec === "none") {
    return () => true;
  }
  const [, place, name, key] = /^(header|auth):([^=]+)=(.+)$/.exec(spec) ?? [];
  if (!place) {
    throw new Error(`--auth: expected none, header:NAME=KEY or auth:NAME=KEY, not '${spec}'`);
  }
  const given = (handshake) => (place === "header" ? handshake.headers[name.toLowerCase()] : handshake.auth?.[name]);
  return (socket) => given(socket.handshake) === key;
}

function serve(http) {
  const io = new Server(http, {
    pingInterval: Number(options["ping-interval"]),
    pingTimeout: Number(options["ping-timeout"]),
  });
  const admits = admission(options.auth);
  const smcp = io.of("/smcp");
  smcp.use((socket, next) => next(admits(socket) ? undefined : new Error("Authentication failed")));
  smcp.on("connection", (socket) => {
    socket.data.version = socket.handshake.query.a2c_version;
    socket.onAny((event, ...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : () => {};
      handlers.get(event)?.(socket, args, ack); // everything else has no effect (NOTIFY-09, SIO-16)
    });
    socket.on("disconnect", () => unseat(socket));
  });
  return io;
}

// HS-02 .. HS-10, HS-16, HS-20: the body that refuses this request, or undefined.
function rejection(url) {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  if (!revision.version || !`${pathname}/`.startsWith("/socket.io/")) {
    return undefined;
  }
  const text = searchParams.get("a2c_version");
  if (text === null) {
    return { code: 400, message: "Missing a2c_version query parameter" };
  }
  if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(text)) {
    return { code: 400, message: `Invalid a2c_version: ${text}` };
  }
  const [ours, theirs] = [revision.version, text].map((version) => version.split(".").map(Number));
  const near = ours[0] === theirs[0] && (ours[0] === 0 ? ours[1] === theirs[1] : ours[1] >= theirs[1]);
  const band = `${ours[0]}.${ours[1]}`;
  return near
    ? undefined
    : {
        code: 4008,
        message: "Protocol version mismatch",
        server_version: revision.version,
        client_version: text,
        min_supported: `${band}.0`,
        max_supported: `${band}.999`,
      };
}

function refusalHeaders(body) {
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(JSON.stringify(body)) };
  return body.code === 4008 ? { ...headers, "X-A2C-Error-Code": "4008" } : headers;
}

// HS-12: the same headers and bytes as by polling; or, HS-13, a close frame behind the 101.
function denyUpgrade(request, socket, head, body) {
  socket.on("error", () => {}); // it may be gone already
  if (options["deny-websocket"] === "close") {
    new WebSocketServer({ noServer: true }).handleUpgrade(request, socket, head, (ws) => ws.close(4900));
    return;
  }
  const lines = Object.entries(refusalHeaders(body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join("")}Connection: close\r\n\r\n${JSON.stringify(body)}`);
}

// The version is looked at before socket.io sees the request (HS-22): its own listeners stand behind the gate.
function gate(http) {
  for (const [event, deny] of [
    ["request", (body, request, response) => response.writeHead(400, refusalHeaders(body)).end(JSON.stringify(body))],
    ["upgrade", (body, request, socket, head) => denyUpgrade(request, socket, head, body)],
  ]) {
    const behind = http.listeners(event);
    http.removeAllListeners(event);
    http.on(event, (request, ...rest) => {
      const body = rejection(request.url);
      body ? deny(body, request, ...rest) : behind.forEach((listener) => listener.call(http, request, ...rest));
    });
  }
}

const http = createServer((request, response) => response.writeHead(404).end());
const io = serve(http);
gate(http);
const end = () => {
  io.close();
  setTimeout(() => process.exit(0), 100).unref();
};

process.on("SIGTERM", end);
process.on("SIGINT", end);
const input = fstatSync(0);
if (input.isFIFO() || input.isSocket() || process.stdin.isTTY) {
  process.stdin.resume().on("end", end);
}

http.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${http.address().port}`;
  const ready = { event: "ready", url, path: "/socket.io", namespace: "/smcp", revision: options.revision, pid: process.pid };
  console.log(JSON.stringify(ready));
});
