import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from keras_cnn._checks import InputError
from keras_cnn._files import (
    check_writable,
    next_version,
    publish_version,
    replaced_file,
    sha256,
    temporary_folder,
    write_json,
)


def test_replaced_file_after_an_error_keeps_the_old_content(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replaced_file(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_replaced_file_creates_missing_folders_and_keeps_the_suffix(tmp_path):
    path = tmp_path / "b" / "c" / "a.json"
    with replaced_file(path) as temporary:
        assert temporary.suffix == ".json"
        temporary.write_text("x")
    assert path.read_text() == "x"


def test_write_json_reads_back(tmp_path):
    write_json(tmp_path / "a.json", {"a": [1, None]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1, None]}


def test_next_version_counts_from_the_highest_number(tmp_path):
    assert next_version(tmp_path / "none").name == "1"
    for name in ("2", "10", "notes", ".writing-3", "007"):
        (tmp_path / name).mkdir()
    assert next_version(tmp_path).name == "11"


def test_publish_version_at_the_same_time_gives_each_its_own(tmp_path):
    def publish(number):
        with temporary_folder(tmp_path) as folder:
            content = folder / "version"
            content.mkdir()
            (content / "who").write_text(str(number))
            return publish_version(content, tmp_path)

    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(publish, range(24)))
    assert sorted(int(path.name) for path in paths) == list(range(1, 25))
    assert [(path / "who").read_text() for path in paths] == [
        str(number) for number in range(24)
    ]


def test_check_writable_below_a_file_raises(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="must name a folder, and .*file is a file"):
        check_writable("runs", tmp_path / "file" / "runs")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_check_writable_without_the_right_raises(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="can be written to"):
        check_writable("runs", tmp_path / "runs")


def test_check_writable_writes_nothing(tmp_path):
    check_writable("runs", tmp_path / "new" / "runs")
    assert not os.listdir(tmp_path)


def test_sha256_of_abc_is_the_published_one(tmp_path):
    (tmp_path / "abc").write_text("abc")
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "abc") == expected
