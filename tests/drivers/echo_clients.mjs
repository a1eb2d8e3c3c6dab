// SPDX-License-Identifier: Apache-2.0
// The official clients (npm socket.io-client and engine.io-client) against the echo servers: polling, WebSocket, upgrade.
//
// Usage: node echo_clients.mjs PROGRAM
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { Socket as EngineSocket } from "engine.io-client";
import { io } from "socket.io-client";

const MODES = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const ARGUMENTS = [1, "2", { 3: [true, null] }, "ä€😀", Buffer.from([0, 1, 255]), { deep: [Buffer.from("xyz")] }, 1.5];

function within(promise, what, ms = 5000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const next = (emitter, event) => within(new Promise((resolve) => emitter.once(event, (...args) => resolve(args))), event);

function connect(url, transports, options = {}) {
  return io(url, { transports, reconnection: false, forceNew: true, ...options });
}

async function arrived(socket, mode) {
  const engine = socket.io.engine;
  if (mode === "upgrade" && engine.transport.name !== "websocket") await next(engine, "upgrade");
  assert.equal(engine.transport.name, MODES[mode].at(-1));
}

async function events(url, transports, mode) {
  const socket = connect(url, transports, { auth: { token: "123" } });
  assert.deepEqual(await next(socket, "auth"), [{ token: "123" }]);
  const back = [];
  const all = new Promise((resolve) => {
    socket.on("message-back", (...args) => back.push(args) === 20 && resolve());
  });
  for (let i = 0; i < 20; i++) socket.emit("message", ...ARGUMENTS, i);
  await within(all, "20 events");
  back.forEach((args, i) => assert.deepEqual(args, [...ARGUMENTS, i]));
  await arrived(socket, mode);
  socket.emit("message", "after the upgrade");
  assert.deepEqual(await next(socket, "message-back"), ["after the upgrade"]);
  socket.disconnect();
}

async function acks(url, transports, mode) {
  const socket = connect(url, transports);
  const ask = (...args) =>
    within(new Promise((resolve) => socket.emit("message-with-ack", ...args, (...got) => resolve(got))), "ack");
  assert.deepEqual(await ask(...ARGUMENTS), ARGUMENTS);
  assert.deepEqual(await ask(), []);
  const many = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i)));
  many.forEach((got, i) => assert.deepEqual(got, [i]));
  await arrived(socket, mode);
  assert.deepEqual(await ask(...ARGUMENTS), ARGUMENTS);
  socket.disconnect();
}

async function namespaces(url, transports) {
  const manager = connect(url, transports);
  await next(manager, "connect");
  const custom = manager.io.socket("/custom", { auth: { token: "abc" } });
  assert.deepEqual(await next(custom, "auth"), [{ token: "abc" }]);
  const random = manager.io.socket("/random");
  const [error] = await next(random, "connect_error");
  assert.equal(error.message, "Invalid namespace");
  const before = custom.id;
  custom.disconnect();
  custom.connect();
  await next(custom, "connect");
  assert.notEqual(custom.id, before);
  manager.emit("message", "still here");
  assert.deepEqual(await next(manager, "message-back"), ["still here"]);
  manager.disconnect();
  custom.disconnect();
  random.disconnect();
}

async function stays(url, transports) {
  const socket = connect(url, transports);
  await next(socket, "connect");
  for (const _ of [1, 2, 3]) await next(socket.io, "ping"); // the third comes only to who has answered the second
  assert.ok(socket.connected);
  socket.disconnect();
}

async function closedByServer(url, transports) {
  const socket = connect(url, transports);
  await next(socket, "connect");
  const gone = next(socket, "disconnect");
  socket.io.engine.write("abc"); // a message that is no packet
  const [reason] = await gone;
  assert.ok(["transport close", "transport error"].includes(reason), reason);
}

async function engine(url, transports, mode) {
  const socket = new EngineSocket(url, { transports, path: "/engine.io/" });
  const upgraded = mode === "upgrade" ? next(socket, "upgrade") : null;
  await next(socket, "open");
  const messages = ["hello", Buffer.from([1, 2, 3, 4]), "ä€😀", "x".repeat(200000)];
  const sent = [];
  const got = [];
  const all = new Promise((resolve) => {
    socket.on("message", (data) => got.push(data) === 40 && resolve());
  });
  for (let i = 0; i < 10; i++) {
    for (const message of messages) {
      socket.send(message);
      sent.push(message);
    }
  }
  await within(all, "40 messages");
  assert.deepEqual(got, sent);
  await upgraded;
  assert.equal(socket.transport.name, MODES[mode].at(-1));
  socket.close();
}

const TESTS = { events, acks, namespaces, stays, closedByServer, engine };

async function main(program) {
  const server = spawn(program, ["--ping-timeout", "5000"], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const { url } = JSON.parse(line);
  let passed = 0;
  let failed = 0;
  for (const [mode, transports] of Object.entries(MODES)) {
    for (const [name, test] of Object.entries(TESTS)) {
      try {
        await test(url, transports, mode);
        passed++;
      } catch (error) {
        failed++;
        console.log(`FAILED npm clients: ${name}, ${mode}: ${error.stack}`);
      }
    }
  }
  server.kill("SIGTERM");
  const [code] = await once(server, "exit");
  if (code === 0) passed++;
  else {
    failed++;
    console.log(`FAILED the server stopped with ${code}`);
  }
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exit(failed ? 1 : 0);
}

await main(process.argv[2]);
