#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starting corpora for the fuzz targets of wire/, made from the tracked packets: make_corpus.py fixtures/wire OUT"""
import base64
import hashlib
import json
import pathlib
import sys


def bytes_of(frame):
    if isinstance(frame, str):
        return frame.encode()
    return base64.b64decode(frame['text'] if 'text' in frame else frame['binary'])


def is_binary(frame):
    return isinstance(frame, dict) and 'binary' in frame


def inputs(folder):
    """(target, bytes); the first byte of an Engine.IO input tells its form."""
    for case in json.loads((folder / 'engine.io-websocket.json').read_text())['cases']:
        data = bytes_of(case['frame'])
        yield 'eio_packet', (b'b' if is_binary(case['frame']) else b'w') + data
        yield 'eio_packet', b'o' + data[1:]
    for case in json.loads((folder / 'engine.io-polling.json').read_text())['cases']:
        yield 'eio_packet', b'p' + bytes_of(case['body'])
    for case in json.loads((folder / 'socket.io.json').read_text())['cases']:
        for frame in case['frames']:
            data = bytes_of(frame)
            if is_binary(frame):
                continue
            yield 'sio_packet', data
            yield 'json_text', data.lstrip(b'0123456789')


def main():
    folder, out = map(pathlib.Path, sys.argv[1:])
    for target, data in inputs(folder):
        (out / target).mkdir(parents=True, exist_ok=True)
        (out / target / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == '__main__':
    main()
