"""Load on `keras-cnn serve`: many clients at once, with malformed requests in between.

    python benchmarks/serving.py MODEL [--clients 32] [--seconds 60] [--json FILE]

Starts the server on 127.0.0.1 as a process of its own. Each client keeps a connection
and asks again as soon as it has its answer: in turn a drawing (`/look`, PNG) and a
batch of one (`/v1/models/NAME:predict`, JSON); one request in fifty is malformed, and
must be refused. The clients share the machine's cores with the server.

Prints requests a second, the median and the 99th percentile of the time to an answer,
errors (none is expected), and the server's memory after five seconds, at its most, and
at the end (Linux). Also what the network alone takes for one image and for a batch of
32, which bounds what collecting requests into batches could gain.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

MALFORMED = [
    ("POST", "/look", "image/png", b"no image at all", 400),
    ("POST", "/look", "text/plain", b"no image at all", 415),
    ("POST", "/v1/models/{name}:predict", "application/json", b"{", 400),
    ("POST", "/v1/models/{name}:predict", "application/json", b"[" * 50_000, 400),
    ("POST", "/v1/models/other:predict", "application/json", b"{}", 404),
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


async def ask(reader, writer, host, method, path, kind, body):
    """Sends one request and returns the answer's status."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    if method == "POST":
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"\r\n" + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", answer)
    await reader.readexactly(int(length[1]))
    return int(answer.split(None, 2)[1])


async def client(number, port, requests, until, times, errors, refused):
    """Asks until the time is over."""
    host = f"127.0.0.1:{port}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for count in itertools.count(number):
        if time.perf_counter() > until:
            break
        if count % ONE_IN == 0:
            *request, expected = requests["malformed"][count % len(MALFORMED)]
            refused.append(expected)
        else:
            kinds = ("look", "predict")
            *request, expected = requests[kinds[count % 2]]
        start = time.perf_counter()
        try:
            status = await ask(reader, writer, host, *request)
        except (OSError, asyncio.IncompleteReadError) as error:
            errors.append(repr(error))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        if status != expected:
            errors.append(f"{request[1]}: {status}, not {expected}")
        elif expected == 200:
            times[request[1].rpartition(":")[2]].append(time.perf_counter() - start)
    writer.close()


async def watch(pid, until, memory):
    """Notes the server's resident memory, in MiB, twice a second."""
    status = Path(f"/proc/{pid}/status")
    while status.exists() and time.perf_counter() < until:
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
        memory.append(int(found[1]) / 1024)
        await asyncio.sleep(0.5)


async def load(port, pid, name, clients, seconds):
    """Runs all clients and returns the figures."""
    pixels = np.asarray(Image.open(io.BytesIO(drawing())).resize((28, 28)))
    body = {"instances": (pixels[..., np.newaxis] / 255).round(4)[None].tolist()}
    path = f"/v1/models/{name}:predict"
    requests = {
        "look": ("POST", "/look", "image/png", drawing(), 200),
        "predict": ("POST", path, "application/json", json.dumps(body).encode(), 200),
        "malformed": [
            (method, path.format(name=name), *rest) for method, path, *rest in MALFORMED
        ],
    }
    until = time.perf_counter() + seconds
    times = {"/look": [], "predict": []}
    errors, refused, memory = [], [], []
    await asyncio.gather(
        watch(pid, until, memory),
        *(
            client(number, port, requests, until, times, errors, refused)
            for number in range(clients)
        ),
    )
    every = [one for part in times.values() for one in part]
    settled = memory[min(10, len(memory) - 1) :] or [float("nan")]
    return {
        "clients": clients,
        "seconds": seconds,
        "answered": len(every),
        "refused_as_malformed": len(refused),
        "errors": len(errors),
        "first_errors": errors[:5],
        "requests_per_second": round(len(every) / seconds),
        "milliseconds": {kind: figures(part) for kind, part in times.items()},
        "memory_mib": {
            "after_5_s": round(settled[0]),
            "most": round(max(settled)),
            "at_the_end": round(settled[-1]),
        },
    }


def figures(seconds):
    """Returns the median and the 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return {"median": round(cuts[49] * 1e3, 1), "p99": round(cuts[98] * 1e3, 1)}


def network_alone(model):
    """Returns milliseconds for one image and for 32 at once, in this process."""
    from keras_cnn.cli.console import start_tensorflow
    from keras_cnn.prediction import load

    start_tensorflow()
    probabilities = load(model).probabilities
    result = {}
    for batch in (1, 32):
        images = np.zeros((batch, 28, 28, 1), np.float32)
        spans = []
        for _ in range(300):
            start = time.perf_counter()
            np.asarray(probabilities(images))
            spans.append(time.perf_counter() - start)
        result[f"batch_of_{batch}"] = round(statistics.median(spans[50:]) * 1e3, 2)
    return result


def main() -> None:
    """Starts the server, loads it, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    alone = network_alone(options.model)
    server = subprocess.Popen(
        [sys.executable, "-m", "keras_cnn", "serve", options.model, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = [server.stdout.readline() for _ in range(4)]
        address = re.search(r":(\d+)/v1/models/(\S+)", "".join(lines))
        port, name = int(address[1]), address[2]
        result = asyncio.run(
            load(port, server.pid, name, options.clients, options.seconds)
        )
    finally:
        server.terminate()
        server.wait()
    result["network_alone_milliseconds"] = alone
    result["machine"] = f"{platform.machine()}, {platform.python_version()}"
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    sys.exit(bool(result["errors"]))


if __name__ == "__main__":
    main()
