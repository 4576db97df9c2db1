"""The page in a real browser: Chromium, headless, driven as a person would."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_cnn.prediction import Predictor
from keras_cnn.serving import ServedModel
from tests.serving.running import AS_MNIST, NAMES, by_quarter, served_at

ROOT = Path(__file__).parents[2]
STROKES = json.loads((Path(__file__).parent / "strokes.json").read_text())
BAR = [[[0.2, 0.25], [0.3, 0.25]]]  # a short stroke; centred, it fills all quarters


@pytest.fixture(scope="module")
def chromium():
    """A headless browser, which all tests here share."""
    binary = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip(
            "the page needs Chromium and its driver: apt install chromium "
            "chromium-driver"
        )
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("headless=new", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium has none for root
    service = webdriver.ChromeService(driver)
    browser = webdriver.Chrome(options=options, service=service)
    yield browser
    browser.quit()


class Page:
    """The page as seen and touched by a person."""

    def __init__(self, browser, port, width=1000, height=900):
        self.browser = browser
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get(f"http://127.0.0.1:{port}/")
        self.wait(lambda: self.text("model") != "Loading the model …")

    def __getitem__(self, name):
        return self.browser.find_element("id", name)

    def text(self, name):
        return self[name].text

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def wait(self, condition, seconds=20):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, seconds, 0.02).until(lambda _: condition())

    def draw(self, strokes, kind="mouse"):
        """Draws strokes, given in shares of the pad's side."""
        from selenium.webdriver.common.actions.action_builder import ActionBuilder
        from selenium.webdriver.common.actions.pointer_input import PointerInput

        box = self.run(
            "const box = arguments[0].getBoundingClientRect();"
            "return [box.left, box.top, box.width];",
            self["pad"],
        )
        pointer = PointerInput(kind, kind)
        actions = ActionBuilder(self.browser, mouse=pointer, duration=4)
        for stroke in strokes:
            for number, (x, y) in enumerate(stroke):
                actions.pointer_action.move_to_location(
                    round(box[0] + x * box[2]), round(box[1] + y * box[2])
                )
                if number == 0:
                    actions.pointer_action.pointer_down()
            actions.pointer_action.pointer_up()
        actions.perform()

    def settle(self):
        """Waits for an answer to the drawing as it is now."""
        self.wait(lambda: self["said"].get_attribute("aria-busy") == "false")

    def spoken(self):
        return f"{self.text('sentence')}, {self.text('runner-up')}"

    def pixels(self, canvas):
        """Returns a canvas's red, green, blue and opacity."""
        flat = self.run(
            "const sheet = arguments[0];"
            "return [sheet.height, sheet.width, Array.from(sheet.getContext('2d')"
            ".getImageData(0, 0, sheet.width, sheet.height).data)]",
            self[canvas],
        )
        return np.array(flat[2], np.uint8).reshape(flat[0], flat[1], 4)

    def complaints(self):
        """Returns the errors that the browser has logged since it was last asked."""
        return [
            line["message"]
            for line in self.browser.get_log("browser")
            if line["level"] == "SEVERE"
        ]

    def bars(self):
        """Returns the classes shown with their percentages, from top to bottom."""
        rows = self["bars"].find_elements("tag name", "tr")
        return [
            (
                row.find_element("tag name", "th").text,
                row.find_element("css selector", "td:last-child").text,
            )
            for row in rows
        ]


@pytest.fixture
def page(chromium, port):
    chromium.get_log("browser")  # what earlier tests left
    page = Page(chromium, port)
    yield page
    assert page.complaints() == []


@pytest.fixture(scope="module")
def article(request, tmp_path_factory):
    """The published model; where there is none, one that is trained in seconds."""
    published = ROOT / "saved_models" / "article_cnn" / "1"
    if published.is_dir():
        return published
    mnist_dir = request.getfixturevalue("mnist_dir")
    folder = tmp_path_factory.mktemp("article")
    words = ("train", "--recipe", "fast", "--dataset", "mnist", "--data-dir")
    subprocess.run(
        [sys.executable, "-m", "keras_cnn", *words, str(mnist_dir)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    return folder / "saved_models" / "article_cnn" / "1"


@pytest.mark.large
def test_at_least_nine_of_ten_drawn_digits_are_recognised(chromium, article):
    from keras_cnn.serving import load

    recognised = []
    with served_at(load(article)) as port:
        page = Page(chromium, port)
        for digit, strokes in STROKES.items():
            page.draw(strokes)
            page.settle()
            recognised.append(page.text("sentence").startswith(f"Looks like {digit}"))
            page["clear"].click()
            page.wait(lambda: page.text("label") == "?")
    assert len(recognised) == 10
    assert sum(recognised) >= 9


def test_empty_pad_gets_a_friendly_word_and_no_class(page):
    assert page.text("sentence") == (
        "Draw something, and the network says which of 4 classes it sees."
    )
    assert page.text("label") == "?"
    assert page["invitation"].is_displayed()
    assert not page["undo"].is_enabled()
    assert not page["clear"].is_enabled()
    assert page.bars() == [(name, "") for name in NAMES]


@pytest.mark.parametrize("kind", ["mouse", "touch", "pen"])
def test_stroke_is_answered_whatever_draws_it(page, kind):
    page.draw([[[0.2, 0.2], [0.2, 0.8]], [[0.2, 0.8], [0.7, 0.8]]], kind)
    page.settle()
    seen = page.pixels("seen")
    assert seen.shape == (28, 28, 4)
    (expected,) = by_quarter(seen[..., 0] / 255)
    shown = page.bars()
    assert [name for name, _ in shown] == list(NAMES)
    percents = [float(percent[:-1]) for _, percent in shown]
    np.testing.assert_allclose(percents, expected * 100, atol=0.051)
    first, second = expected.argsort()[[-1, -2]]
    assert page.text("label") == NAMES[first]
    assert f"{NAMES[first]}: {percents[first]}%" in page.text("sentence")
    assert page.text("runner-up") == f"then {NAMES[second]}: {percents[second]}%"
    widths = page.run(
        "return [...document.querySelectorAll('.bar')].map((bar) =>"
        " parseFloat(bar.style.width))"
    )
    np.testing.assert_allclose(widths, expected * 100, atol=0.01)
    assert not page["invitation"].is_displayed()


def test_strokes_are_answered_while_the_pen_is_down(page):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page.browser).move_to_element(
        page["pad"]
    ).click_and_hold().move_by_offset(60, 60).perform()
    page.wait(lambda: page.text("label") != "?")
    before = page.spoken()
    ActionChains(page.browser).move_by_offset(-120, 0).perform()
    page.wait(lambda: page.spoken() != before)
    ActionChains(page.browser).release().perform()


def test_answer_is_read_aloud_once_the_drawing_rests(page):
    page.draw(BAR)
    page.settle()
    page.wait(lambda: page.text("announcement") == page.spoken())


def test_undo_takes_back_strokes_and_clear(page):
    page.draw(BAR)
    page.settle()
    one = page.pixels("pad")
    page.draw([[[0.7, 0.4], [0.7, 0.9]]])
    two = page.pixels("pad")
    assert (one != two).any()
    page["clear"].click()
    assert page.text("label") == "?"
    assert page.pixels("pad").max() == 0
    page["undo"].click()
    np.testing.assert_array_equal(page.pixels("pad"), two)
    page.run("document.activeElement.blur()")
    page["pad"].send_keys("\ue009z")  # Control
    page["pad"].send_keys("\ue000")
    page.run("document.activeElement.blur()")
    np.testing.assert_array_equal(page.pixels("pad"), one)
    page["undo"].click()
    assert page.text("label") == "?"
    assert not page["undo"].is_enabled()


def test_brush_makes_wider_strokes(page):
    page.draw(BAR)
    thin = (page.pixels("pad")[..., 3] > 0).sum()
    page["clear"].click()
    page.run(
        "arguments[0].value = 16; arguments[0].dispatchEvent(new Event('input'))",
        page["brush"],
    )
    assert page["brush"].get_attribute("aria-valuetext") == "16 percent of the pad"
    page.draw(BAR)
    # a bar of length 0.1 and width 0.08 or 0.16, with its round ends
    ratio = (0.1 * 0.16 + np.pi * 0.08**2) / (0.1 * 0.08 + np.pi * 0.04**2)
    thick = (page.pixels("pad")[..., 3] > 0).sum()
    assert thick / thin == pytest.approx(ratio, rel=0.1)


def test_keyboard_alone_draws(page):
    from selenium.webdriver.common.keys import Keys

    page["pad"].send_keys(Keys.ARROW_LEFT * 6, Keys.ARROW_UP * 6)
    assert page.text("label") == "?"  # the pen is up
    page["pad"].send_keys(Keys.SPACE)
    assert page.text("announcement") == "Pen down"
    page["pad"].send_keys(Keys.ARROW_DOWN * 12, Keys.ARROW_RIGHT * 8, Keys.SPACE)
    assert page.text("announcement") == "Pen up"
    page.settle()
    (expected,) = by_quarter(page.pixels("seen")[..., 0] / 255)
    assert page.text("label") == NAMES[expected.argmax()]
    page["pad"].send_keys(Keys.DELETE)
    assert page.text("label") == "?"


def test_all_controls_are_reached_by_tab_and_have_names(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.draw(BAR)  # the tools are there once there is something to undo
    page.settle()
    page.run("arguments[0].focus()", page["pad"])
    reached = []
    for _ in range(6):
        element = page.browser.switch_to.active_element
        reached.append(element.get_attribute("id"))
        assert element.accessible_name
        ActionChains(page.browser).send_keys(Keys.TAB).perform()
    assert reached == ["pad", "undo", "clear", "brush", "file", "heat"]


@pytest.fixture
def picture(tmp_path):
    """A photograph of dark ink in the lower right on light paper."""
    paper = np.full((900, 1500, 3), 235, np.uint8)
    paper[500:700, 600:900] = (30, 30, 90)
    paper[600:800, 900:1100] = (30, 30, 90)
    Image.fromarray(paper).save(tmp_path / "photo.jpg", quality=90)
    return tmp_path / "photo.jpg"


def test_chosen_picture_is_centred_and_undone(page, picture):
    page["file"].send_keys(str(picture))
    page.wait(lambda: page.text("label") != "?")
    page.settle()
    seen = page.pixels("seen")[..., 0]
    assert np.flatnonzero(seen.max(axis=0) > 60).tolist() == [*range(4, 24)]
    page["undo"].click()
    assert page.text("label") == "?"


def test_page_is_busy_while_a_chosen_picture_is_decoded(page, picture):
    page.run(
        """
        const decode = window.createImageBitmap;
        window.createImageBitmap = async (file) => {
          await new Promise((done) => { window.goOn = done; });
          return decode(file);
        };
        """
    )
    page["file"].send_keys(str(picture))
    page.wait(lambda: page.run("return Boolean(window.goOn)"))
    assert page["said"].get_attribute("aria-busy") == "true"
    page.run("window.goOn()")
    page.settle()
    assert page.text("label") != "?"


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_dropped_or_pasted_picture_is_looked_at(page, event):
    page.run(
        """
        const [event] = arguments;
        const sheet = new OffscreenCanvas(60, 40);
        const context = sheet.getContext("2d");
        context.fillStyle = "white";
        context.fillRect(10, 5, 6, 30);
        sheet.convertToBlob().then((blob) => {
          const files = new DataTransfer();
          files.items.add(new File([blob], "a.png", {type: "image/png"}));
          document.dispatchEvent(event === "drop"
            ? new DragEvent("drop", {dataTransfer: files, cancelable: true})
            : new ClipboardEvent("paste", {clipboardData: files}));
        });
        """,
        event,
    )
    page.wait(lambda: page.text("label") != "?")
    page.settle()
    ink = page.pixels("seen")[..., 0] > 60
    assert np.flatnonzero(ink.any(axis=1)).tolist() == [*range(4, 24)]
    assert ink.any(axis=0).sum() <= 6


def test_file_that_is_no_picture_gets_a_word(page, tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    page["file"].send_keys(str(tmp_path / "notes.png"))
    page.wait(lambda: page["problem"].is_displayed())
    assert page.text("problem").startswith("notes.png is not a picture")


def test_heat_is_shown_on_request_and_taken_away(page):
    page.draw(BAR)
    page.settle()
    gray = page.pixels("seen")
    assert (gray[..., 0] == gray[..., 2]).all()
    page["heat"].click()
    page.wait(lambda: (page.pixels("seen") != gray).any())
    heat = page.pixels("seen")
    tinted = (heat != gray).any(axis=-1)
    assert (heat[..., 0] > heat[..., 2])[tinted].any()  # orange, for
    assert (heat[..., 2] > heat[..., 0])[tinted].any()  # blue, against
    assert page["legend"].is_displayed()
    assert "times, with a patch there made black" in page.text("heat-note")
    assert page["heat"].get_attribute("aria-pressed") == "true"
    page["heat"].click()
    page.wait(lambda: (page.pixels("seen") == gray).all())
    assert not page["legend"].is_displayed()


def test_scribble_that_is_no_digit_is_said_so(chromium):
    """A network that is sure of everything; the drawing itself is like no digit."""

    def sure(images):
        return np.tile(np.float32([1] + [0] * 9), (len(images), 1))

    digits = tuple("0123456789")
    predictor = Predictor(sure, (28, 28, 1), digits, preparation=AS_MNIST)
    with served_at(ServedModel(predictor)) as port:
        page = Page(chromium, port)
        bars = [[[0.3, 0.1], [0.3, 0.9]], [[0.7, 0.1], [0.7, 0.9]]]
        page.draw(bars + [[[y, x] for x, y in bar] for bar in bars])
        page.settle()
        assert page.text("sentence").startswith("This looks like no digit. If it is")
        page["clear"].click()
        page.draw(STROKES["0"])
        page.settle()
        assert page.text("sentence") == "Looks like 0: 100.0%"


def test_class_names_are_text_and_only_the_most_probable_have_bars(chromium):
    names = (
        '<img src=x onerror="document.title=1">',
        *(f"kind {n}" for n in range(39)),
    )

    def probabilities(images):
        rows = np.linspace(1, 2, 40)[::-1]
        return np.tile(rows / rows.sum(), (len(images), 1))

    predictor = Predictor(probabilities, (28, 28, 1), names, preparation=AS_MNIST)
    with served_at(ServedModel(predictor)) as port:
        page = Page(chromium, port)
        page.draw(BAR)
        page.settle()
        assert page.text("label") == names[0]
        assert "Not sure, perhaps" in page.text("sentence")
        assert len(page.bars()) == 12
        assert page.text("bars-caption") == "The 12 most probable of 40 classes"
        assert page.run("return document.images.length") == 0


def test_late_answer_does_not_come_back_after_clear(chromium):
    go_on = threading.Event()

    def slow(images):
        go_on.wait()
        return by_quarter(images)

    served = ServedModel(Predictor(slow, (28, 28, 1), NAMES, preparation=AS_MNIST))
    try:
        with served_at(served) as port:
            page = Page(chromium, port)
            page.draw(BAR)
            page["clear"].click()
            go_on.set()
            page.wait(
                lambda: page.run(
                    "return performance.getEntriesByType('resource')"
                    ".some((entry) => entry.name.endsWith('/look'))"
                )
            )
            assert page.text("label") == "?"
            page.draw(BAR)
            page.settle()  # and the next drawing is answered
    finally:
        go_on.set()


def test_server_that_is_gone_is_said_so_and_its_return_is_enough(chromium, quarters):
    with served_at(quarters) as port:
        page = Page(chromium, port)
        page.draw(BAR)
        page.settle()
    page.draw(BAR)
    page.wait(lambda: page["problem"].is_displayed())
    assert "does not answer" in page.text("problem")


@pytest.mark.parametrize("width", [320, 390, 768, 1400])
def test_page_fits_its_window(chromium, port, width):
    page = Page(chromium, port, width, 800)
    assert page.run("return document.documentElement.scrollWidth") <= width
    box = page["pad"].rect
    assert box["width"] == pytest.approx(box["height"], abs=1)
    for button in ("undo", "clear", "heat"):
        assert page[button].rect["height"] >= 44  # a finger's width
    page.draw([[[0.95, 0.5], [0.05, 0.5]]], "touch")
    page.settle()


def test_page_follows_the_system_from_light_to_dark(page):
    page.draw(BAR)
    page.settle()

    def shades():
        ground = page.run("return getComputedStyle(document.body).backgroundColor")
        inked = page.pixels("pad")
        return ground, inked[inked[..., 3] == 255][0, :3].mean()

    light = shades()
    before = page.pixels("seen")
    change = "Emulation.setEmulatedMedia"
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    try:
        page.browser.execute_cdp_cmd(change, {"features": [feature]})
        page.wait(lambda: shades()[1] > 200)
        assert light[1] < 60
        assert shades()[0] != light[0]
    finally:
        page.browser.execute_cdp_cmd(change, {"features": []})
    np.testing.assert_array_equal(page.pixels("seen"), before)  # not what is sent


def test_nothing_is_asked_of_another_host(page, port):
    page.draw(BAR)
    page.settle()
    names = page.run(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert any(name.endswith("/look") for name in names)
    assert all(name.startswith(f"http://127.0.0.1:{port}/") for name in names)
