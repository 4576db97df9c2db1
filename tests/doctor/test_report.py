import html
import re
from dataclasses import replace

import keras

from keras_cnn.doctor import diagnose, write_report
from keras_cnn.doctor.rules import RULES


def test_the_report_is_one_file_with_findings_and_pictures(blobs, make, tmp_path):
    model = make(8, 8, 3, optimizer=keras.optimizers.SGD(1e3))
    diagnosis = diagnose(model, *blobs, epochs=4)
    path = tmp_path / "report.html"
    write_report(diagnosis, path, "a <model>")
    page = path.read_text()
    assert "a &lt;model&gt;" in page and "lr-too-high" in page
    assert all(one.remedy.split('"')[0] in page for one in diagnosis.findings[:1])
    assert len(re.findall(r"src=.data:image/png;base64,iVBOR", page)) == 3
    assert not re.search(r"https?://", page)
    # For a telephone, for the dark, and for those who cannot see the pictures.
    assert 'name="viewport"' in page and "prefers-color-scheme: dark" in page
    alts = re.findall(r'<img alt="([^"]*)"', page)
    assert len(alts) == 3 and all(len(alt) > 20 for alt in alts)
    assert RULES["lr-too-high"].looks in html.unescape(page)


def test_a_notebook_shows_verdict_and_findings(blobs, make):
    diagnosis = diagnose(make(8, 8, 3, optimizer=keras.optimizers.SGD(1e3)), *blobs)
    shown = diagnosis._repr_html_()
    assert "<b>faulty</b>" in shown and "lr-too-high" in shown
    odd = replace(diagnosis.findings[0], where="<script>")
    shown = replace(diagnosis, findings=(odd,))._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown


def test_a_report_of_numbers_that_are_not_finite_is_drawn(blobs, make, tmp_path):
    x, _ = blobs
    sgd = keras.optimizers.SGD(1e20)
    model = make(8, 1, output="linear", loss="mse", optimizer=sgd)
    diagnosis = diagnose(model, x, x[:, :1], epochs=4)
    write_report(diagnosis, tmp_path / "report.html", "broken")
    assert "Not healthy" in (tmp_path / "report.html").read_text()
