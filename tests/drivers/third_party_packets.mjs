// SPDX-License-Identifier: Apache-2.0
//
// The packet lists in fixtures/wire, held against the official JavaScript parsers and against our codec.
//
//   node third_party_packets.mjs PACKET_TOOL FIXTURES          judge; last line "N passed, N failed, N skipped"
//   node third_party_packets.mjs PACKET_TOOL FIXTURES --record print what the libraries and our codec do, one JSON line per case
//
// Each case states one verdict per codec; a verdict that does not hold fails, whether it got stricter or more lenient.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { decodePacket, decodePayload, encodePacket, encodePayload } from "engine.io-parser";
import { Decoder, Encoder } from "socket.io-parser";

const EIO_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const SIO_TYPES = ["connect", "disconnect", "event", "ack", "connect_error", "event", "ack"];
const BINARY_FROM = 3; // event 2 -> binary event 5, ack 3 -> binary ack 6

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const isText = (frame) => typeof frame === "string" || "text" in frame;
const bytesOf = (frame) =>
  typeof frame === "string" ? Buffer.from(frame, "utf8") : Buffer.from(frame.text ?? frame.binary, "base64");
const clone = (value) => JSON.parse(JSON.stringify(value));

// WebSocket libraries refuse text that is not UTF-8 before a parser sees it; HTTP bodies get replacement characters.
const strictText = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

// Binary data stand as {"base64": ...} in the fixtures.
function toBuffers(value) {
  if (Array.isArray(value)) return value.map(toBuffers);
  if (value === null || typeof value !== "object") return value;
  if (Object.keys(value).join() === "base64") return Buffer.from(value.base64, "base64");
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toBuffers(member)]));
}

function fromBuffers(value) {
  if (Buffer.isBuffer(value)) return { base64: base64(value) };
  if (Array.isArray(value)) return value.map(fromBuffers);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fromBuffers(member)]));
}

// ---- the libraries: {packets} when they accept, {refuse: text}, or {incomplete: true}

function attempt(run) {
  try {
    return run();
  } catch (error) {
    return { refuse: error.message };
  }
}

function eioPackets(packets) {
  if (packets.some((packet) => packet.type === "error")) return { refuse: "error packet" };
  return { packets: packets.map(({ type, data }) => ({ type, data: fromBuffers(data ?? "") })) };
}

function npmDecode(kind, item) {
  if (kind === "polling") return attempt(() => eioPackets(decodePayload(bytesOf(item.body).toString("utf8"))));
  if (kind === "websocket")
    return attempt(() => {
      const bytes = bytesOf(item.frame);
      return eioPackets([decodePacket(isText(item.frame) ? strictText(bytes) : bytes)]);
    });
  return attempt(() => {
    const decoder = new Decoder();
    const packets = [];
    decoder.on("decoded", (packet) => {
      const { type, nsp, id, data } = packet;
      packets.push(clone({ type: SIO_TYPES[type], nsp, id, data: fromBuffers(data) }));
    });
    for (const frame of item.frames) decoder.add(isText(frame) ? strictText(bytesOf(frame)) : bytesOf(frame));
    return decoder.reconstructor?.reconPack.attachments > 0 ? { incomplete: true } : { packets };
  });
}

function npmEncode(kind, item) {
  let encoded;
  const packets = item.packets.map(({ type, data, ...rest }) => ({ type, data: toBuffers(data), ...rest }));
  if (kind === "polling") encodePayload(packets, (body) => (encoded = [body]));
  else if (kind === "websocket") encodePacket(packets[0], true, (frame) => (encoded = [frame]));
  else encoded = new Encoder().encode({ ...packets[0], type: SIO_TYPES.indexOf(packets[0].type) });
  return encoded.map((frame) => Buffer.from(frame));
}

// ---- our codec: requests for packet_tool and what its answers mean

const toolFrame = (frame) => ({ [isText(frame) ? "text" : "binary"]: base64(bytesOf(frame)) });

function decodeRequest(kind, item) {
  if (kind === "polling") return { op: "eio_decode_payload", body: base64(bytesOf(item.body)) };
  if (kind === "websocket") return { op: "eio_decode", frame: toolFrame(item.frame) };
  return { op: "sio_decode", frames: item.frames.map(toolFrame) };
}

// The raw JSON of the arguments, as a program would hand it to our encoder.
function encodeRequest(kind, item) {
  if (kind !== "socket")
    return {
      op: kind === "polling" ? "eio_encode_payload" : "eio_encode",
      packets: item.packets.map(({ type, data = "" }) => ({
        type: EIO_TYPES.indexOf(type),
        binary: typeof data !== "string",
        data: base64(bytesOf(typeof data === "string" ? data : { binary: data.base64 })),
      })),
    };
  const { type, nsp, id, data } = item.packets[0];
  let attachments = 0;
  const flat = JSON.stringify(toBuffers(data), function (key) {
    return Buffer.isBuffer(this[key]) ? { _placeholder: true, num: attachments++ } : this[key];
  });
  const isList = type === "event" || type === "ack";
  const list = isList ? JSON.parse(flat) : [];
  const args = list.slice(type === "event" ? 1 : 0).map((arg) => JSON.stringify(arg));
  return {
    op: "sio_encode",
    type: SIO_TYPES.indexOf(type) + (attachments ? BINARY_FROM : 0),
    nsp,
    id: id === undefined ? null : String(id),
    attachments,
    name: type === "event" ? JSON.stringify(list[0]) : "",
    args: isList ? args.join(",") : (flat ?? ""),
  };
}

function fillPlaceholders(value, attachments) {
  if (Array.isArray(value)) return value.map((element) => fillPlaceholders(element, attachments));
  if (value === null || typeof value !== "object") return value;
  if (attachments.length && value._placeholder === true) return { base64: attachments[value.num] };
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, fillPlaceholders(member, attachments)]),
  );
}

function ourReading(kind, answer) {
  if (answer.error) return { refuse: answer.error, offset: answer.offset, frame: answer.frame };
  if (answer.missing) return { incomplete: true };
  if (kind !== "socket")
    return {
      packets: answer.packets.map(({ type, binary, data }) => ({
        type: EIO_TYPES[type],
        data: binary ? { base64: data } : Buffer.from(data, "base64").toString("utf8"),
      })),
    };
  return {
    packets: answer.packets.map(({ type, nsp, id, payload, attachments }) =>
      clone({
        type: SIO_TYPES[type],
        nsp,
        id: id === undefined ? undefined : Number(id),
        data: payload ? fillPlaceholders(JSON.parse(payload), attachments) : undefined,
      }),
    ),
  };
}

function runTool(tool, requests) {
  const input = requests.map((request) => JSON.stringify(request) + "\n").join("");
  const { status, stdout, stderr } = spawnSync(tool, { input, encoding: "utf8", maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`packet_tool ended with ${status}: ${stderr}`);
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

// ---- judging

// "accept" means: reads what the case states.
function verdict(reading, item) {
  if (reading.refuse !== undefined) return "refuse";
  if (reading.incomplete) return "incomplete";
  return isDeepStrictEqual(reading.packets, item.packets) ? "accept" : { reads: reading.packets };
}

function ourVerdict(reading, item) {
  return reading.refuse ? clone(reading) : verdict(reading, item);
}

const plain = (value) => (value.refuse ? "refuse" : value);

function load(folder) {
  const cases = [];
  for (const kind of ["websocket", "polling", "socket"]) {
    const file = kind === "socket" ? "socket.io.json" : `engine.io-${kind}.json`;
    for (const item of JSON.parse(readFileSync(join(folder, file), "utf8")).cases) cases.push({ kind, item });
  }
  return cases;
}

function judge(cases, answers) {
  let passed = 0, failed = 0;
  const check = (label, actual, expected) => {
    if (isDeepStrictEqual(actual, expected)) return passed++;
    failed++;
    console.log(`FAIL ${label}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  };
  for (const { kind, item, decodeAt, encodeAt } of cases) {
    const label = `${kind}/${item.name}`;
    const codecs = [item.npm, item.python, plain(item.ours)];
    check(`${label}: npm`, verdict(npmDecode(kind, item), item), item.npm);
    check(`${label}: ours`, ourVerdict(ourReading(kind, answers[decodeAt]), item), item.ours);
    check(`${label}: reason stated`, !!item.why, codecs.some((other) => !isDeepStrictEqual(other, codecs[0])));
    if (encodeAt === undefined) continue;
    const wanted = (item.frames ?? [item.frame ?? item.body]).map((frame) => base64(bytesOf(frame)));
    check(`${label}: npm encodes`, npmEncode(kind, item).map(base64), wanted);
    check(`${label}: ours encodes`, [answers[encodeAt].bytes], wanted.slice(0, 1));
  }
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  return failed ? 1 : 0;
}

const [tool, folder, record] = process.argv.slice(2);
const cases = load(folder);
const requests = [];
for (const entry of cases) {
  entry.decodeAt = requests.push(decodeRequest(entry.kind, entry.item)) - 1;
  if (entry.item.direction === "both") entry.encodeAt = requests.push(encodeRequest(entry.kind, entry.item)) - 1;
}
const answers = runTool(tool, requests);
if (record) {
  for (const { kind, item, decodeAt } of cases)
    console.log(JSON.stringify({ kind, name: item.name, npm: npmDecode(kind, item), ours: ourReading(kind, answers[decodeAt]) }));
} else {
  process.exitCode = judge(cases, answers);
}
