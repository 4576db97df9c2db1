"""Connections that send too much, too slowly, in too small pieces, or too many."""

import gzip
import http.client
import json
import select
import socket
import threading
import tracemalloc

import numpy as np
import pytest

from keras_cnn.prediction import Predictor
from keras_cnn.serving import Limits, ServedModel
from tests.serving.running import NAMES, ask, by_quarter, served_at

PREDICT = "/v1/models/quarters:predict"
BODY = json.dumps({"instances": np.zeros((1, 28, 28, 1)).tolist()}).encode()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def head(port, *lines, path=PREDICT):
    own = (f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}")
    return "\r\n".join((*own, *lines, "", "")).encode()


def received(connection):
    """Returns all that comes until the server closes the connection."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def wait_for(port, waiting):
    """Waits until so many computations wait for their turn."""
    while f"keras_cnn_waiting {waiting}.0" not in ask(port, "/metrics")[1].decode():
        pass


@pytest.fixture(scope="module")
def strict(quarters):
    """A server whose limits a test reaches at once."""
    limits = Limits(chunks=100, head_seconds=0.5, connections=20, held_bytes=2**20)
    with served_at(quarters, limits) as port:
        yield port


def test_body_in_too_many_chunks_is_413(strict):
    with connect(strict) as connection:
        lines = "Content-Type: application/json", "Transfer-Encoding: chunked"
        connection.sendall(head(strict, *lines) + b"1\r\n[\r\n" * 101)
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"at most 100 chunks" in answer


def test_body_in_as_many_chunks_as_may_be_is_read(strict):
    pieces = np.array_split(np.frombuffer(BODY, np.uint8), 99)
    with connect(strict) as connection:
        lines = "Content-Type: application/json", "Transfer-Encoding: chunked"
        connection.sendall(head(strict, *lines, "Connection: close"))
        for piece in pieces:
            content = piece.tobytes()
            connection.sendall(b"%x\r\n%b\r\n" % (len(content), content))
        connection.sendall(b"0\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 200 ")


def test_connection_that_sends_nothing_is_closed(strict):
    with connect(strict) as connection:
        assert received(connection) == b""


def test_connection_that_does_not_end_its_headers_is_closed(strict):
    with connect(strict) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert received(connection) == b""


def test_headers_that_are_too_long_or_too_many_are_431(strict):
    for lines in (["X: " + "x" * 70_000], [f"X{n}: x" for n in range(101)]):
        with connect(strict) as connection:
            connection.sendall(head(strict, *lines))
            assert received(connection).startswith(b"HTTP/1.1 431 ")


def test_headers_that_never_end_are_431(strict):
    with connect(strict) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000)
        assert received(connection).startswith(b"HTTP/1.1 431 ")


def test_newcomer_gets_the_place_of_whoever_has_kept_the_server_waiting(quarters):
    with served_at(quarters, Limits(connections=20, head_seconds=600)) as port:
        idle = [connect(port) for _ in range(25)]
        try:
            assert ask(port, "/v2/health/live")[0] == 200
            assert received(idle[0]) == b""  # long before its time is over
        finally:
            for connection in idle:
                connection.close()


def test_bodies_that_take_too_much_memory_together_make_room(strict):
    part = b" " * 700_000
    lines = "Content-Type: application/json", "Content-Length: 800000"
    with connect(strict) as first, connect(strict) as second:
        first.sendall(head(strict, *lines) + part)
        second.sendall(head(strict, *lines) + part)
        (dropped, *_), *_ = select.select([first, second], [], [], 20)
        answer = dropped.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert ask(strict, PREDICT, BODY)[0] == 200


@pytest.mark.parametrize("path", ["/", "/model", "/v1/models/quarters", "/metrics"])
def test_head_is_answered_as_get_without_a_body(port, path):
    lengths = []
    for method in ("GET", "HEAD"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        lengths.append(answer.getheader("Content-Length"))
        assert answer.status == 200
        assert (method == "HEAD") == (body == b"")
        connection.close()
    if path != "/metrics":  # which counts the request before
        assert lengths[0] == lengths[1]


def test_gzip_body_is_unpacked(port):
    packed = gzip.compress(BODY)
    assert ask(port, PREDICT, packed, Content_Encoding="gzip")[0] == 200


@pytest.mark.parametrize(
    "body",
    [b"not gzip", gzip.compress(BODY)[:-9], gzip.compress(BODY) + b"more"],
    ids=["other", "cut", "longer"],
)
def test_body_that_is_not_whole_gzip_is_400(port, body):
    status, content = ask(port, PREDICT, body, Content_Encoding="gzip")
    assert status == 400
    assert "gzip" in content["error"]


def test_gzip_body_that_unpacks_to_too_much_is_413(port):
    bomb = gzip.compress(b" " * 2**28, 9)
    assert len(bomb) < 2**19
    tracemalloc.start()  # the server is a thread of this process
    try:
        assert ask(port, PREDICT, bomb, Content_Encoding="gzip")[0] == 413
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


def test_long_answer_is_packed_for_whoever_says_so(port, pixels):
    body = {"signature_name": "uint8", "instances": np.tile(pixels, (9, 1, 1, 1))}
    body["instances"] = body["instances"].tolist()
    plain = ask(port, PREDICT, body)[1]
    for accepted, is_packed in (("br, gzip", True), ("gzip;q=0, br", False)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "application/json", "Accept-Encoding": accepted}
        connection.request("POST", PREDICT, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert (answer.getheader("Content-Encoding") == "gzip") == is_packed
        content = gzip.decompress(content) if is_packed else content
        assert json.loads(content) == plain


def test_more_images_than_one_request_may_have_are_400(quarters):
    with served_at(quarters, Limits(numbers=3 * (784 + 9))) as port:
        zeros = np.zeros((4, 28, 28, 1), int).tolist()
        for values in (zeros, [{"image": image} for image in zeros]):
            status, content = ask(port, PREDICT, {"instances": values})
            assert status == 400
            assert "at most 3 " in content["error"]
        assert ask(port, PREDICT, {"instances": zeros[:3]})[0] == 200


def test_large_batch_lets_others_have_their_turn():
    """While a batch of many parts is held in its first, another is answered."""
    begun, go_on = threading.Event(), threading.Event()
    order = []

    def slow(images):
        order.append(len(images))
        if len(images) > 1:
            begun.set()
            go_on.wait()
        return by_quarter(images)

    served = ServedModel(Predictor(slow, (28, 28, 1), NAMES), "quarters")
    large = {"inputs": np.zeros((500, 28, 28, 1), int).tolist()}
    with served_at(served, Limits(threads=1)) as port:
        tasks = [
            threading.Thread(target=ask, args=(port, PREDICT, body))
            for body in (large, BODY)
        ]
        tasks[0].start()
        begun.wait()
        tasks[1].start()
        wait_for(port, waiting=1)
        go_on.set()
        for task in tasks:
            task.join()
    assert order.index(1) <= 2  # and not after all 500


def test_health_is_live_and_ready_until_the_queue_is_full():
    begun, go_on = threading.Event(), threading.Event()

    def held(images):
        begun.set()
        go_on.wait()
        return by_quarter(images)

    served = ServedModel(Predictor(held, (28, 28, 1), NAMES), "quarters")
    with served_at(served, Limits(threads=1, waiting=1)) as port:
        assert ask(port, "/v2/health/ready") == (200, {"ready": True})
        askers = [
            threading.Thread(target=ask, args=(port, PREDICT, BODY)) for _ in range(2)
        ]
        try:
            askers[0].start()
            begun.wait()
            askers[1].start()
            wait_for(port, waiting=1)
            assert ask(port, "/v2/health/ready") == (503, {"ready": False})
            assert ask(port, "/v2/health/live") == (200, {"live": True})
        finally:
            go_on.set()
            for asker in askers:
                asker.join()
        assert ask(port, "/v2/health/ready")[0] == 200


def test_metrics_count_requests_by_endpoint_and_status(quarters):
    with served_at(quarters) as port:
        ask(port, PREDICT, BODY)
        ask(port, PREDICT, b"{")
        ask(port, "/no/such/address/at/all")
        ask(port, "/model", Host="evil.example")
        text = ask(port, "/metrics")[1].decode()
    for line in (
        'keras_cnn_requests_total{endpoint="predict",status="200"} 1.0',
        'keras_cnn_requests_total{endpoint="predict",status="400"} 1.0',
        'keras_cnn_requests_total{endpoint="none",status="404"} 1.0',
        'keras_cnn_requests_total{endpoint="none",status="403"} 1.0',
        "keras_cnn_images_total 1.0",
        'keras_cnn_request_seconds_count{endpoint="predict"} 2.0',
    ):
        assert line in text
    assert "process_resident_memory_bytes" in text
    assert "address" not in text  # no counter for each path that somebody thinks of
