# SPDX-License-Identifier: Apache-2.0
"""The packet lists in fixtures/wire, held against the Python parsers and against our codec.

    python third_party_packets.py PACKET_TOOL FIXTURES            judge; last line "N passed, N failed, N skipped"
    python third_party_packets.py PACKET_TOOL FIXTURES --record   print what the libraries do, one JSON line per case

Each case states one verdict per codec; a verdict that does not hold fails, whether it got stricter or more lenient.
"""
import base64
import json
import math
import pathlib
import subprocess
import sys

from engineio import packet as eio_packet
from engineio import payload as eio_payload
from socketio import packet as sio_packet

EIO_TYPES = ['open', 'close', 'ping', 'pong', 'message', 'upgrade', 'noop']
SIO_TYPES = ['connect', 'disconnect', 'event', 'ack', 'connect_error', 'event', 'ack']


def b64(data):
    return base64.b64encode(data).decode()


def is_text(frame):
    return isinstance(frame, str) or 'text' in frame


def bytes_of(frame):
    if isinstance(frame, str):
        return frame.encode()
    return base64.b64decode(frame['text'] if 'text' in frame else frame['binary'])


def frame_of(wire):
    """A frame that a library has encoded, as the fixtures write it."""
    return wire if isinstance(wire, str) else {'binary': b64(wire)}


def to_bytes(value):
    """Binary data stand as {"base64": ...} in the fixtures."""
    if isinstance(value, list):
        return [to_bytes(element) for element in value]
    if isinstance(value, dict):
        if list(value) == ['base64']:
            return base64.b64decode(value['base64'])
        return {key: to_bytes(member) for key, member in value.items()}
    return value


def from_bytes(value):
    if isinstance(value, bytes):
        return {'base64': b64(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {'float': str(value)}
    if isinstance(value, list):
        return [from_bytes(element) for element in value]
    if isinstance(value, dict):
        return {key: from_bytes(member) for key, member in value.items()}
    return value


def without_none(**members):
    return {key: value for key, value in members.items() if value is not None}


# ---- the libraries: {packets} when they accept, {refuse: text}, or {incomplete: true}

def eio_reading(packet, text):
    """`text` is what came after the type; python-engineio has parsed it when it was JSON."""
    kind = packet.packet_type
    data = from_bytes(packet.data)
    if text is not None:
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = text
        data = text if data in (text, parsed) else data
    return {'type': EIO_TYPES[kind] if kind < len(EIO_TYPES) else kind, 'data': data}


def text_after_type(packet):
    return None if packet[0] == 'b' else packet[1:]


def decode_polling(item):
    body = bytes_of(item['body']).decode('utf-8')
    packets = eio_payload.Payload(encoded_payload=body).packets
    texts = [text_after_type(part) for part in body.split('\x1e')] if body else []
    return {'packets': [eio_reading(*pair) for pair in zip(packets, texts)]}


def decode_websocket(item):
    data = bytes_of(item['frame'])
    if not is_text(item['frame']):
        return {'packets': [eio_reading(eio_packet.Packet(encoded_packet=data), None)]}
    text = data.decode('utf-8')
    packet = eio_packet.Packet(encoded_packet=text)
    return {'packets': [eio_reading(packet, text_after_type(text))]}


def decode_socket(item):
    """As python-socketio's server does it: one packet may wait for attachments."""
    waiting, packets = None, []
    for frame in item['frames']:
        data = bytes_of(frame)
        if is_text(frame):
            data = data.decode('utf-8')
        if waiting:
            done = waiting if waiting.add_attachment(data) else None
            waiting = None if done else waiting
        else:
            done = sio_packet.Packet(encoded_packet=data)
            if done.attachment_count:
                waiting, done = done, None
        if done:
            packets.append(without_none(type=SIO_TYPES[done.packet_type], nsp=done.namespace or '/', id=done.id,
                                        data=from_bytes(done.data)))
    return {'incomplete': True} if waiting else {'packets': packets}


def python_decode(kind, item):
    decode = {'polling': decode_polling, 'websocket': decode_websocket, 'socket': decode_socket}[kind]
    try:
        return decode(item)
    except Exception as error:  # whatever a parser raises, its caller drops the packet or the client
        return {'refuse': repr(error)}


def python_encode(kind, item):
    """The case with the frames that the library makes of its packets."""
    packets = item['packets']
    if kind == 'socket':
        one = packets[0]
        encoded = sio_packet.Packet(SIO_TYPES.index(one['type']), to_bytes(one.get('data')), one['nsp'],
                                    one.get('id')).encode()
        frames = encoded if isinstance(encoded, list) else [encoded]
        return {'frames': [frame_of(frame) for frame in frames]}
    made = [eio_packet.Packet(EIO_TYPES.index(one['type']), to_bytes(one['data'])) for one in packets]
    if kind == 'polling':
        return {'body': eio_payload.Payload(made).encode()}
    return {'frame': frame_of(made[0].encode())}


# ---- our codec: requests for packet_tool and what its answers mean

def tool_frame(frame):
    return {'text' if is_text(frame) else 'binary': b64(bytes_of(frame))}


def decode_request(kind, item):
    if kind == 'polling':
        return {'op': 'eio_decode_payload', 'body': b64(bytes_of(item['body']))}
    if kind == 'websocket':
        return {'op': 'eio_decode', 'frame': tool_frame(item['frame'])}
    return {'op': 'sio_decode', 'frames': [tool_frame(frame) for frame in item['frames']]}


def fill_placeholders(value, attachments):
    if isinstance(value, list):
        return [fill_placeholders(element, attachments) for element in value]
    if isinstance(value, dict):
        if attachments and value.get('_placeholder') is True:
            return {'base64': attachments[int(value['num'])]}
        return {key: fill_placeholders(member, attachments) for key, member in value.items()}
    return value


def our_packet(kind, packet):
    if kind != 'socket':
        data = {'base64': packet['data']} if packet['binary'] else base64.b64decode(packet['data']).decode()
        return {'type': EIO_TYPES[packet['type']], 'data': data}
    payload = json.loads(packet['payload']) if packet['payload'] else None
    return without_none(type=SIO_TYPES[packet['type']], nsp=packet['nsp'],
                        id=int(packet['id']) if packet.get('id') else None,
                        data=fill_placeholders(payload, packet['attachments']))


def our_reading(kind, answer):
    if 'error' in answer:
        return {'refuse': answer['error'], 'offset': answer['offset'], 'frame': answer['frame']}
    if answer.get('missing'):
        return {'incomplete': True}
    return {'packets': [our_packet(kind, packet) for packet in answer['packets']]}


def run_tool(tool, requests):
    lines = ''.join(json.dumps(request) + '\n' for request in requests)
    done = subprocess.run([tool], input=lines, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'packet_tool ended with {done.returncode}: {done.stderr}')
    return [json.loads(line) for line in done.stdout.rstrip('\n').split('\n')]


# ---- judging

def same(a, b):
    """Equality that tells true from 1 and, like JavaScript, not 1 from 1.0."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b


def verdict(reading, item):
    if 'refuse' in reading:
        return 'refuse'
    if 'incomplete' in reading:
        return 'incomplete'
    return 'accept' if same(reading['packets'], item.get('packets')) else {'reads': reading['packets']}


def load(folder):
    for kind in ('websocket', 'polling', 'socket'):
        name = 'socket.io.json' if kind == 'socket' else f'engine.io-{kind}.json'
        for item in json.loads((pathlib.Path(folder) / name).read_text(encoding='utf-8'))['cases']:
            yield kind, item


def judge(tool, cases):
    passed = failed = 0

    def check(label, actual, expected):
        nonlocal passed, failed
        if same(actual, expected):
            passed += 1
            return
        failed += 1
        print(f'FAIL {label}: expected {json.dumps(expected)}, got {json.dumps(actual)}')

    emitted = [python_encode(kind, item) if item['direction'] == 'both' else None for kind, item in cases]
    requests = [decode_request(kind, item) for kind, item in cases]
    requests += [decode_request(kind, frames) for (kind, _), frames in zip(cases, emitted) if frames]
    answers = run_tool(tool, requests)
    ours, of_emitted = iter(answers), iter(answers[len(cases):])
    for (kind, item), frames in zip(cases, emitted):
        label = f'{kind}/{item["name"]}'
        reading = our_reading(kind, next(ours))
        check(f'{label}: python', verdict(python_decode(kind, item), item), item['python'])
        check(f'{label}: ours', reading if 'refuse' in reading else verdict(reading, item), item['ours'])
        if frames:
            check(f'{label}: we read what python emits', verdict(our_reading(kind, next(of_emitted)), item), 'accept')
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


def main():
    tool, folder, *record = sys.argv[1:]
    cases = list(load(folder))
    if record:
        for kind, item in cases:
            print(json.dumps({'kind': kind, 'name': item['name'], 'python': python_decode(kind, item)}))
        return 0
    return judge(tool, cases)


if __name__ == '__main__':
    sys.exit(main())
