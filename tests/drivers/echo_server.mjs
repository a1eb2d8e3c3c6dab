// SPDX-License-Identifier: Apache-2.0
// The pair of echo servers once more, on the official npm packages: the control that the rows of the echo page are true, and with the
// name of a fault as argument the proof that each of them can fail.
//
// Usage: node echo_server.mjs [FAULT]
import { createServer } from "node:http";
import { createRequire } from "node:module";

import { Server as EngineServer, Socket as EngineSocket } from "engine.io";
import { Server } from "socket.io";

const { Client } = createRequire(import.meta.resolve("socket.io"))("./dist/client.js");
const options = { pingInterval: 300, pingTimeout: 200, maxHttpBufferSize: 1000000, transports: ["polling", "websocket"] };
const more = { connectTimeout: 1500 };
let echo = (data) => data;
let greeting = (socket) => socket.handshake.auth;
let same = (args) => args;

// What has to be changed before the servers are made.
const before = {
  interval: () => (options.pingInterval = 301),
  greeting: () => (options.initialPacket = "hi"),
  "binary-as-text": () => (echo = (data) => data.toString("base64")),
  deaf: () => {
    const onPacket = EngineSocket.prototype.onPacket;
    EngineSocket.prototype.onPacket = function (packet) {
      if (packet.type !== "error") onPacket.call(this, packet);
    };
    Client.prototype.onerror = () => {};
  },
  immortal: () => (EngineSocket.prototype.resetPingTimeout = () => {}),
  mute: () => (EngineSocket.prototype.schedulePing = () => {}),
  pid: () => (more.connectionStateRecovery = {}),
  "no-auth": () => (greeting = () => null),
  patient: () => (more.connectTimeout = 100000),
  backwards: () => (same = (args) => args.reverse()),
};

// What has to be changed on each Engine.IO server.
function everyQuery(change) {
  return (engine) => {
    const { prepare } = engine;
    engine.prepare = function (req) {
      prepare.call(this, req);
      change(req);
    };
  };
}
const onServer = {
  "any-version": everyQuery((req) => (req._query.EIO = "4")),
  "any-transport": everyQuery((req) => {
    if (!options.transports.includes(req._query.transport)) {
      req._query.transport = req.headers.upgrade ? "websocket" : "polling";
    }
  }),
  "any-method": everyQuery((req) => {
    if (!req._query.sid) req.method = "GET";
  }),
  "polls-after-upgrade": (engine) =>
    engine.use((req, res, next) => {
      const polling = req._query.transport === "polling" && engine.clients[req._query.sid]?.upgraded;
      return polling ? res.writeHead(200) && res.end("6") : next();
    }),
  "one-websocket": (engine) =>
    engine.use((req, res, next) => next(engine.clients[req._query.sid]?.upgraded ? new Error() : undefined)),
};

// What has to be changed on each Engine.IO session.
const onSession = {
  "many-polls": ({ transport }) => {
    const { onPollRequest } = transport;
    transport.onPollRequest = function (req, res) {
      if (this.req) this.send([{ type: "noop" }]);
      onPollRequest.call(this, req, res);
    };
  },
  "poll-may-die": ({ transport }) => {
    const { onError } = transport;
    transport.onError = function (message, ...rest) {
      if (!message.startsWith("poll connection")) return onError.call(this, message, ...rest);
      this.req = this.res = null;
      this.writable = false;
    };
  },
  "close-for-close": ({ transport }) => {
    const { send } = transport;
    transport.send = function (packets) {
      send.call(this, packets.map((packet) => (packet.type === "noop" ? { type: "close" } : packet)));
    };
  },
  "no-noop": ({ transport }) => {
    const { send } = transport;
    transport.send = function (packets) {
      if (packets[0].type !== "noop") send.call(this, packets);
    };
  },
  "noop-after-upgrade": (session) => session.on("upgrade", () => session.sendPacket("noop")),
};

const fault = process.argv[2];
if (fault) {
  const known = before[fault] ?? onServer[fault] ?? onSession[fault] ?? { "open-door": 1, "leave-closes": 1 }[fault];
  if (!known) throw new Error(`no such fault: ${fault}`);
}
before[fault]?.();

const http = createServer();
const engine = new EngineServer(options);
engine.on("connection", (socket) => socket.on("message", (data) => socket.send(echo(data))));
engine.attach(http, { path: "/engine.io/", destroyUpgrade: false });

const io = new Server(http, { ...options, ...more });
for (const one of [engine, io.engine]) {
  onServer[fault]?.(one);
  one.on("connection", (session) => onSession[fault]?.(session));
}

io.on("connection", (socket) => {
  socket.emit("auth", greeting(socket));
  socket.on("message", (...args) => socket.emit("message-back", ...same(args)));
  socket.on("message-with-ack", (...args) => args.pop()(...same(args)));
});
io.of("/custom").on("connection", (socket) => socket.emit("auth", greeting(socket)));
if (fault === "open-door") io.of(/.*/).on("connection", () => {});
if (fault === "leave-closes") {
  for (const name of ["/", "/custom"]) {
    io.of(name).on("connection", (socket) => socket.on("disconnect", () => socket.conn.close()));
  }
}

http.listen(0, "127.0.0.1", () => {
  const { port } = http.address();
  console.log(JSON.stringify({ event: "ready", url: `http://127.0.0.1:${port}`, pid: process.pid }));
});
