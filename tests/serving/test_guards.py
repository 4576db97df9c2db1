"""Requests that are not the page's own, too large, too slow, or no request at all."""

import io
import json
import os
import socket
import struct
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_cnn._checks import InputError
from keras_cnn.prediction import Predictor
from keras_cnn.serving import Limits, ServedModel, own_hosts
from keras_cnn.serving.hosts import is_loopback
from keras_cnn.serving.running import listen
from tests.serving.running import NAMES, ask, by_quarter, served_at

PREDICT = "/v1/models/quarters:predict"
BODY = json.dumps({"instances": np.zeros((1, 28, 28, 1)).tolist()}).encode()
PATHS = ("/", "/main.js", "/model", "/v1/models/quarters", "/nothing")


def png(side=28):
    file = io.BytesIO()
    drawing = np.zeros((side, side), np.uint8)
    drawing[: side // 2, : side // 4] = 255
    Image.fromarray(drawing).save(file, "PNG")
    return file.getvalue()


def raw(port, request, wait=20):
    """Sends bytes as they are, and returns what comes back to the end of its head."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received and (part := connection.recv(65536)):
            received += part
    return received


def still_answers(port):
    status, content = ask(port, PREDICT, BODY)
    return status == 200 and len(content["predictions"]) == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost", "[::1"]
)
def test_host_of_another_is_403(port, path, host):
    """A name of another site that is made to lead here stands in `Host`."""
    assert ask(port, path, Host=host.format(port=port))[0] == 403


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:1",
        "http://127.0.0.1.evil.example:{port}",
        "null",
        "http://[",
    ],
)
def test_origin_of_another_is_403(port, origin):
    answer = ask(port, PREDICT, BODY, Origin=origin.format(port=port))
    assert answer[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_own_host_and_origin_are_answered(port, host):
    own = f"{host}:{port}"
    assert ask(port, PREDICT, BODY, Host=own, Origin=f"http://{own}")[0] == 200


def test_request_without_host_is_403_and_with_two_is_refused(port):
    assert b" 403 " in raw(port, b"GET / HTTP/1.0\r\n\r\n").splitlines()[0]
    twice = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil\r\n\r\n"
    assert raw(port, twice.encode()).splitlines()[0].split()[1] in (b"400", b"403")


def test_own_hosts_of_an_address_open_to_all_names_the_machine_not_the_wildcard():
    hosts = own_hosts("0.0.0.0", 80, ["Digits.example.org"])  # noqa: S104
    assert "0.0.0.0:80" not in hosts
    assert {"localhost", "localhost:80", "digits.example.org"} <= hosts
    assert f"{socket.gethostname().lower()}:80" in hosts


def test_address_at_which_a_connection_arrives_is_its_own(quarters):
    with served_at(quarters) as port:
        assert ask(port, "/model", Host=f"127.0.0.1:{port}")[0] == 200
        assert ask(port, "/model", Host=f"127.0.0.2:{port}")[0] == 403


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
    + [("192.168.0.1", False), ("example.org", False)],
)
def test_is_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (PREDICT, "text/plain"),
        (PREDICT, "application/x-www-form-urlencoded"),
        (PREDICT, "multipart/form-data; boundary=x"),
        (PREDICT, "image/png"),
        (PREDICT, ""),
        ("/look", "application/json"),
        ("/look", "image/svg+xml"),
        ("/explain/0", "text/html"),
    ],
)
def test_other_kinds_of_body_are_415(port, path, kind):
    status, content = ask(port, path, BODY, kind)
    assert status == 415
    assert "Content-Type" in content["error"]


def test_json_with_a_charset_is_json_and_a_compressed_body_is_415(port):
    assert ask(port, PREDICT, BODY, "application/json; charset=utf-8")[0] == 200
    packed = zlib.compress(BODY)
    assert ask(port, PREDICT, packed, Content_Encoding="deflate")[0] == 415


def test_body_that_declares_too_much_is_413_before_it_comes(port):
    head = (
        f"POST {PREDICT} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    )
    assert b" 413 " in raw(port, head.encode()).splitlines()[0]


def test_body_that_grows_too_large_is_413_while_it_comes(quarters):
    with served_at(quarters, Limits(body_bytes=100_000)) as port:
        head = (
            f"POST {PREDICT} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: "
            "application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"ffff\r\n" + b" " * 0xFFFF + b"\r\n"
        # It never ends: only its size can be what is answered.
        assert b" 413 " in raw(port, head.encode() + chunk * 2).splitlines()[0]
        assert ask(port, PREDICT, BODY)[0] == 200


@pytest.mark.parametrize("length", ["-1", "x", "1_0"])
def test_content_length_that_is_none_is_400(port, length):
    head = (
        f"POST {PREDICT} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    assert b" 400 " in raw(port, head.encode()).splitlines()[0]


def test_body_that_does_not_come_is_408(quarters):
    with served_at(quarters, Limits(seconds=0.3)) as port:
        head = (
            f"POST {PREDICT} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n12345"
        )
        assert b" 408 " in raw(port, head.encode()).splitlines()[0]


def test_computation_that_does_not_end_is_504_and_holds_nobody_up(pixels):
    go_on = threading.Event()

    def slow(images):
        if images.max() > 0.5:
            go_on.wait()
        return by_quarter(images)

    served = ServedModel(Predictor(slow, (28, 28, 1), NAMES), "quarters")
    stuck = {"instances": np.ones((1, 28, 28, 1)).tolist()}
    try:
        with served_at(served, Limits(seconds=1, threads=2)) as port:
            status, content = ask(port, PREDICT, stuck)
            assert status == 504
            assert "1 seconds" in content["error"]
            assert still_answers(port)  # by the other thread
            go_on.set()
    finally:
        go_on.set()


def test_more_requests_than_may_wait_are_503():
    go_on = threading.Event()

    def slow(images):
        go_on.wait()
        return by_quarter(images)

    served = ServedModel(Predictor(slow, (28, 28, 1), NAMES), "quarters")
    statuses = []
    try:
        with served_at(served, Limits(threads=1, waiting=1)) as port:
            askers = [
                threading.Thread(
                    target=lambda: statuses.append(ask(port, PREDICT, BODY)[0])
                )
                for _ in range(4)
            ]
            for asker in askers:
                asker.start()
            while statuses.count(503) < 2:
                time.sleep(0.01)
            go_on.set()
            for asker in askers:
                asker.join()
    finally:
        go_on.set()
    assert sorted(statuses) == [200, 200, 503, 503]


def bomb(side):
    """A PNG of a few kilobytes that unpacks to `side` x `side` pixels."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [6_000, 24_000])
def test_decompression_bomb_is_refused_before_it_is_decoded(port, monkeypatch, side):
    def decode(*args, **kwargs):
        raise AssertionError("decoded")

    body = bomb(side)
    assert len(body) < 100_000
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    status, content = ask(port, "/look", body, "image/png")
    assert status == 400
    assert "pixels" in content["error"]
    assert "decoded" not in content["error"]


def test_progressive_jpeg_counts_once_for_every_four_of_its_scans(quarters):
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (99, 99, 3), "u1")
    )
    bodies = []
    for is_progressive in (False, True):
        file = io.BytesIO()
        picture.save(file, "JPEG", progressive=is_progressive)
        bodies.append(file.getvalue())
    with served_at(quarters, Limits(pixels=99 * 99)) as port:
        assert ask(port, "/look", bodies[0], "image/jpeg")[0] == 200
        status, content = ask(port, "/look", bodies[1], "image/jpeg")
    assert status == 400
    assert "Received: 19,602" in content["error"]  # ten scans


@pytest.mark.parametrize(
    "body",
    [b"", b"not an image", png()[:40], b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>"],
    ids=["empty", "text", "cut", "postscript", "svg"],
)
def test_what_is_no_image_is_400(port, body):
    status, content = ask(port, "/look", body, "image/png")
    assert status == 400
    assert "readable" in content["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/%2e%2e/app.py",
        "/..%2fapp.py",
        "/page/index.html",
        "//etc/passwd",
        "/etc/passwd",
        "/file:///etc/passwd",
        "/main.js%00.css",
        "/main.js/",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_path_leads_to_a_file(port, path):
    status, content = ask(port, path)
    assert status == 404
    assert set(content) == {"error"}


def test_page_is_answered_with_its_files_gone(quarters, tmp_path, monkeypatch):
    """What the page consists of is read at the start, and nothing after that."""
    with served_at(quarters) as port:

        def refuse(*args, **kwargs):
            raise AssertionError("a file was opened")

        monkeypatch.setattr("builtins.open", refuse)
        monkeypatch.setattr(os, "open", refuse)
        assert ask(port, "/")[0] == 200
        assert ask(port, "/style.css")[0] == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_405(port, method):
    status, content = ask(port, PREDICT, method=method)
    assert status == 405
    assert set(content) == {"error"}


def test_garbage_harms_nobody(port):
    for garbage in (b"\x00" * 2000, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"):
        assert b" 400 " in raw(port, garbage + b"\r\n\r\n").splitlines()[0]
    assert still_answers(port)


def test_defect_is_500_without_its_traceback(caplog):
    def broken(images):
        raise RuntimeError("a secret of the inside")

    served = ServedModel(Predictor(broken, (28, 28, 1), NAMES), "quarters")
    with served_at(served) as port:
        status, content = ask(port, PREDICT, BODY)
    assert (status, set(content)) == (500, {"error"})
    assert "secret" not in content["error"]
    assert "a secret of the inside" in caplog.text  # the server's own log has it


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_what_is_not_the_pages_own(port, path):
    received = raw(
        port,
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Connection: close\r\n\r\n".encode(),
    )
    head = received.partition(b"\r\n\r\n")[0].decode().lower()
    assert "content-security-policy: default-src 'none'; script-src 'self';" in head
    assert "x-content-type-options: nosniff" in head
    assert "unsafe" not in head


def test_port_that_is_taken_is_said_so(port):
    with pytest.raises(InputError, match=f"port={port}"):
        listen("127.0.0.1", port)
    with pytest.raises(InputError, match="nowhere.invalid"):
        listen("nowhere.invalid", 0)


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a b", "é"])
def test_name_that_cannot_stand_in_a_url_raises(quarters, name):
    with pytest.raises(InputError, match="`name` must be made of letters"):
        ServedModel(quarters.predictor, name)


@pytest.mark.parametrize(
    "limits", [{"seconds": 0}, {"threads": 0}, {"pixels": -1}, {"body_bytes": 0.5}]
)
def test_limits_must_be_above_zero(limits):
    with pytest.raises(InputError, match=next(iter(limits))):
        Limits(**limits)


def test_connections_are_made_without_delay():
    # asyncio sets TCP_NODELAY only on what a socket of this protocol accepts.
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
