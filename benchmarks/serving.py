"""Load on `keras-cnn serve`, beside plain FastAPI and LitServe.

    python benchmarks/serving.py FOLDER [--clients 32] [--seconds 20] [--rounds 3]
        [--only NAME] [--json FILE]

FOLDER is an export with a `model.onnx`, which all three serve. Each is a process of its
own on 127.0.0.1; this process is the clients. Each client keeps a connection and asks
again as soon as it has its answer. The servers take turns, one after the other in each
round, so that what else the machine does hits all alike; one that is not installed is
left out. The request is a `:predict` of one image in JSON. A last row is this server
alone with drawings (`/look`, PNG) in turn with those, and one request in fifty
malformed, which must be refused.

Prints a table: requests a second (median of the rounds), median and 99th percentile of
the time to an answer, errors (none is expected), and the server's memory (with that of
its child processes) after the first round and after the last (Linux).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAME = "article_cnn"
PREDICT = f"/v1/models/{NAME}:predict"
JSON = "application/json"
OTHERS = {"plain FastAPI": "fastapi", "LitServe": "litserve"}
OURS, MIXED = "keras-cnn serve", "keras-cnn serve, all requests"
START_SECONDS = 120
MALFORMED = [
    ("POST", "/look", "image/png", b"no image at all", 400),
    ("POST", "/look", "text/plain", b"no image at all", 415),
    ("POST", PREDICT, JSON, b"{", 400),
    ("POST", PREDICT, JSON, b"[" * 50_000, 400),
    ("POST", "/v1/models/other:predict", JSON, b"{}", 404),
    ("GET", "/../../etc/passwd", "", b"", 404),
]
ONE_IN = 50


def drawing() -> bytes:
    """Returns a seven as the page would send it."""
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line([(80, 70), (200, 65), (130, 230)], 255, 24, "curve")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def requests_of(row):
    """Yields (method, path, kind, body, status) without end."""
    pixels = np.asarray(Image.open(io.BytesIO(drawing())).resize((28, 28)))
    images = (pixels[..., np.newaxis] / 255).round(4)[None].tolist()
    body = json.dumps({"instances": images}).encode()
    predict = ("POST", PREDICT, JSON, body, 200)
    if row != MIXED:
        yield from itertools.repeat(predict)
    look = ("POST", "/look", "image/png", drawing(), 200)
    for count in itertools.count(1):
        if count % ONE_IN == 0:
            yield MALFORMED[count // ONE_IN % len(MALFORMED)]
        else:
            yield (look, predict)[count % 2]


async def ask(reader, writer, host, method, path, kind, body):
    """Sends one request and returns the answer's status."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    if method == "POST":
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"\r\n" + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
    await reader.readexactly(int(length[1]))
    return int(answer.split(None, 2)[1])


async def client(port, requests, until, times, errors):
    """Asks until the time is over."""
    host = f"127.0.0.1:{port}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        *request, expected = next(requests)
        start = time.perf_counter()
        try:
            status = await ask(reader, writer, host, *request)
        except (OSError, asyncio.IncompleteReadError) as error:
            errors.append(repr(error))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        if status != expected:
            errors.append(f"{request[1]}: {status}, not {expected}")
        times.append(time.perf_counter() - start)
    writer.close()


async def load(port, row, clients, seconds):
    """Runs all clients for a while; returns the times and the errors."""
    times, errors = [], []
    until = time.perf_counter() + seconds
    await asyncio.gather(
        *(client(port, requests_of(row), until, times, errors) for _ in range(clients))
    )
    return times, errors


def memory_of(pid):
    """Returns the resident memory of a process and its descendants, in MiB."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    own = re.search(r"VmRSS:\s+(\d+)", status.read_text())
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = " ".join(task.read_text() for task in tasks).split()
    return (int(own[1]) / 1024 if own else 0) + sum(map(memory_of, children))


def start(row, folder):
    """Starts a server; returns its process and port once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    if row in OTHERS:
        other = Path(__file__).with_name(f"serving_{OTHERS[row]}.py")
        words = [str(other), str(folder / "model.onnx"), str(port)]
    else:
        words = ["-m", "keras_cnn", "serve", str(folder), "--port", str(port)]
        words += ["--name", NAME]
    process = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(START_SECONDS * 10):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{row} does not start in {START_SECONDS} seconds.")


def main() -> None:
    """Starts the servers, loads each in turn, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20, help="of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="this row alone")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    installed = [row for row, module in OTHERS.items() if find_spec(module)]
    rows = [options.only] if options.only else [OURS, *installed, MIXED]
    figures = defaultdict(lambda: defaultdict(list))
    servers = {row: start(row, options.folder) for row in rows}
    try:
        for row, (_, port) in servers.items():  # warmed up
            asyncio.run(load(port, row, 2, 2))
        for _ in range(options.rounds):
            for row, (process, port) in servers.items():
                times, errors = asyncio.run(
                    load(port, row, options.clients, options.seconds)
                )
                cuts = statistics.quantiles(times, n=100)
                figure = figures[row]
                figure["requests_per_second"].append(len(times) / options.seconds)
                figure["median_milliseconds"].append(cuts[49] * 1e3)
                figure["p99_milliseconds"].append(cuts[98] * 1e3)
                figure["errors"].extend(errors)
                figure["memory_mib"].append(memory_of(process.pid))
    finally:
        for process, _ in servers.values():
            process.terminate()
        for process, _ in servers.values():
            process.wait()
    print(
        f"{options.clients} clients, {options.rounds} rounds of {options.seconds:g} s, "
        f"{platform.machine()}, Python {platform.python_version()}\n\n"
        "| server | requests a second | median | 99th percentile | errors | memory |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )
    for row, figure in figures.items():
        rate, middle, late = (
            statistics.median(figure[name])
            for name in (
                "requests_per_second",
                "median_milliseconds",
                "p99_milliseconds",
            )
        )
        first, *_, last = figure["memory_mib"] * 2
        print(
            f"| {row} | {rate:.0f} | {middle:.1f} ms | {late:.1f} ms | "
            f"{len(figure['errors'])} | {first:.0f}, {last:.0f} MiB |"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    sys.exit(any(figure["errors"] for figure in figures.values()))


if __name__ == "__main__":
    main()
