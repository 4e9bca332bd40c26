"""Drives the published SDKs against `attune serve` through a proxy that fails on purpose.

For each SDK: the first request is answered 503 and not passed on; the second is passed on, and the
connection is dropped before the answer; the rest pass. In the end every event must have taken effect
exactly once, and no problem may be recorded.
"""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EVENTS = 43
PATIENCE_SECONDS = 90
HERE = Path(__file__).parent


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a target; the first two fail."""

    daemon_threads = True

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = target
        self.lock = threading.Lock()
        self.requests = self.refused = self.dropped = 0

    def fate(self):
        with self.lock:
            self.requests += 1
            if self.requests == 1:
                self.refused += 1
                return "refuse"
            if self.requests == 2:
                self.dropped += 1
                return "drop"
            return "pass"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self.chunks()
        fate = self.server.fate()
        if fate == "refuse":
            return self.answer(503, b'{"success":false}')
        connection = http.client.HTTPConnection(*self.server.target, timeout=30)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "content-length", "transfer-encoding", "connection")
        }
        connection.request("POST", self.path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        if fate == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self.answer(answer.status, text)

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def serve(attune):
    """Starts a suite in memory; returns the process and its address."""
    keys = ["--write-key", "write", "--browser-key", "browser", "--manage-key", "manage"]
    process = subprocess.Popen(
        [attune, "serve", "--listen", "127.0.0.1:0", *keys], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    host, port = line.strip().rsplit("/", 1)[1].split(":")
    threading.Thread(target=process.stdout.read, daemon=True).start()
    return process, (host, int(port))


def ask(address, path):
    connection = http.client.HTTPConnection(*address, timeout=30)
    connection.request("GET", path, headers={"Authorization": "Bearer manage"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def seen(address, user):
    """The numbers of the events that took effect, with repetitions."""
    status, timeline = ask(address, f"/api/customers/{user}/timeline?limit=1000")
    if status != 200:
        return []
    views = [event for event in timeline["events"] if event["event"] == "Product Viewed"]
    return sorted(event["data"]["n"] for event in views)


def drive(name, command, address):
    user = name.replace(" ", "-")
    proxy = Proxy(address)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{proxy.server_port}"
    subprocess.run([*command, url, "write", user, str(EVENTS)], check=True, timeout=PATIENCE_SECONDS)
    until = time.monotonic() + PATIENCE_SECONDS
    while (numbers := seen(address, user)) != list(range(EVENTS)):
        if time.monotonic() > until or len(numbers) > EVENTS:
            sys.exit(f"{name}: sent {EVENTS} events, found {len(numbers)}: {numbers}")
        time.sleep(0.2)
    if not (proxy.refused and proxy.dropped):
        sys.exit(f"{name}: the proxy did not get to fail ({proxy.requests} requests)")
    print(
        f"{name}: {EVENTS} events and an identify, each once; {proxy.requests} requests, "
        f"{proxy.refused} answered 503, {proxy.dropped} dropped after taking effect"
    )
    proxy.shutdown()


def main():
    attune, tools = sys.argv[1], Path(sys.argv[2])
    process, address = serve(attune)
    try:
        for name, command in [
            ("segment node", ["node", str(tools / "segment.mjs")]),
            ("segment python", [sys.executable, str(HERE / "segment_sdk.py")]),
            ("rudder node", ["node", str(tools / "rudder.mjs")]),
            ("rudder python", [sys.executable, str(HERE / "rudder_sdk.py")]),
        ]:
            drive(name, command, address)
        status, problems = ask(address, "/api/problems")
        if status != 200 or problems["problems"]:
            sys.exit(f"problems were recorded: {problems}")
    finally:
        process.kill()


main()
