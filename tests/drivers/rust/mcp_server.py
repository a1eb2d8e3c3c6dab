# SPDX-License-Identifier: Apache-2.0
"""The smallest MCP server that the Rust Computer can show everything with: tools, a window, a long result. No packages.

Speaks JSON-RPC, one message a line, on standard input and output. A tool call runs in a thread, so a slow one can be
cancelled.
"""

import base64
import json
import sys
import threading

WINDOW = "window://driver/main"
IMAGE = bytes(range(256)) * 1200  # 307,200 bytes: more than a Computer puts into a result
out_lock = threading.Lock()
cancelled = {}


def say(message):
    with out_lock:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def tool(name, description):
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return {"name": name, "description": description, "inputSchema": schema}


TOOLS = [
    tool("echo", "Give the text back."),
    tool("fail", "Always fails."),
    tool("image", "A picture larger than a result may be."),
    tool("slow", "Ends when it is cancelled, or after a minute."),
]


def text_result(text, is_error=False):
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def call(name, text, over):
    if name == "echo":
        return text_result(f"echo: {text}")
    if name == "image":
        data = base64.b64encode(IMAGE).decode()
        return {"content": [{"type": "image", "data": data, "mimeType": "image/png"}], "isError": False}
    if name == "slow":
        over.wait(60)
        return text_result("slow is over")
    return text_result(f"cannot {text}", True)


def run_tool(request_id, params):
    over = cancelled.setdefault(request_id, threading.Event())
    result = call(params["name"], params.get("arguments", {}).get("text"), over)
    del cancelled[request_id]
    say({"id": request_id, "result": result})


def window():
    return {"uri": WINDOW, "name": "main", "mimeType": "text/plain", "annotations": {"priority": 0.5}}


def answer(method, params):
    if method == "initialize":
        capabilities = {"tools": {"listChanged": True}, "resources": {"subscribe": True, "listChanged": True}}
        version = params.get("protocolVersion", "2025-03-26")
        return {"protocolVersion": version, "capabilities": capabilities, "serverInfo": {"name": "driver", "version": "1"}}
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "resources/list":
        return {"resources": [window()]}
    if method == "resources/read":
        return {"contents": [{"uri": params["uri"], "mimeType": "text/plain", "text": "what the window shows"}]}
    if method in ("ping", "resources/subscribe", "resources/unsubscribe"):
        return {}
    return None


def main():
    for line in sys.stdin:
        message = json.loads(line)
        method, params = message.get("method"), message.get("params") or {}
        if method == "tools/call":
            threading.Thread(target=run_tool, args=(message["id"], params), daemon=True).start()
        elif method == "notifications/cancelled":
            over = cancelled.get(params.get("requestId"))
            if over:
                over.set()
        elif method and "id" in message:
            result = answer(method, params)
            say({"id": message["id"], "result": result} if result is not None else
                {"id": message["id"], "error": {"code": -32601, "message": f"no method {method}"}})


main()
