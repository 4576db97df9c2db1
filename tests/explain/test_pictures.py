import numpy as np

from keras_cnn.explain import Explanation
from keras_cnn.explain.pictures import draw_explanations, draw_tiles, kernel_tiles


def explanation(method, maps, notes=("", "")):
    return Explanation(
        method, np.array(maps), np.array([0, 1]), np.array([2.5, -1.25]), notes
    )


SIGNED = np.array([[[1.0, -3.0], [0, 2]], [[0.5, 0], [0, -0.25]]])
INPUTS = np.full((2, 2, 2, 1), 0.5)


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def test_one_explanation_is_input_map_overlay_and_scale(drawn, tmp_path):
    one = explanation("occlusion", SIGNED)
    draw_explanations(INPUTS, [one], tmp_path / "a.png", class_names=["cat", "dog"])
    (figure,) = drawn
    assert titles(figure) == [
        *("input", "map: cat (2.50)", "occlusion: cat (2.50)"),
        *("input", "map: dog (-1.25)", "occlusion: dog (-1.25)"),
    ]
    first, alone, over = figure.axes[:3]
    np.testing.assert_array_equal(first.images[0].get_array(), INPUTS[0, ..., 0])
    np.testing.assert_array_equal(alone.images[0].get_array(), SIGNED[0])
    assert alone.images[0].get_clim() == (-3, 3)  # two signs: symmetric about 0
    assert len(over.images) == 2
    np.testing.assert_array_equal(over.images[1].get_array(), SIGNED[0])
    assert over.images[1].get_alpha().argmax() == 1  # the strongest hides the most
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert len(bars) == 4


def test_several_explanations_are_one_grid_of_overlays(drawn, tmp_path):
    found = [explanation("saliency", np.abs(SIGNED)), explanation("occlusion", SIGNED)]
    draw_explanations(INPUTS, found, tmp_path / "a.png")
    assert titles(drawn[0])[:3] == [
        "input",
        "saliency: 0 (2.50)",
        "occlusion: 0 (2.50)",
    ]
    assert drawn[0].axes[1].images[1].get_clim() == (0, 3)


def test_a_map_of_zeros_has_its_reason_written(drawn, tmp_path):
    maps = np.stack([SIGNED[0], np.zeros((2, 2))])
    found = explanation("grad_cam", maps, ("", "Nothing speaks for it."))
    colour = np.random.default_rng(0).random((2, 2, 2, 3))
    draw_explanations(colour, [found], tmp_path / "a.png")
    texts = [text.get_text() for axes in drawn[0].axes for text in axes.texts]
    assert texts == ["All zero. Nothing speaks for\nit."] * 2


def test_tiles_are_rows_by_name_each_with_its_own_scale(drawn, tmp_path):
    many = np.arange(20 * 4, dtype=float).reshape(20, 2, 2)
    colour = np.random.default_rng(0).random((3, 2, 2, 3))
    draw_tiles({"edges": many, "colours": colour}, tmp_path / "a.png")
    (figure,) = drawn
    names = [axes.get_title(loc="left") for axes in figure.axes]
    assert [name for name in names if name] == ["edges, 16 of 20", "colours"]
    assert sum(bool(axes.images) for axes in figure.axes) == 16 + 3
    assert figure.axes[1].images[0].get_clim() == (4, 7)
    assert (tmp_path / "a.png").stat().st_size > 0


def test_a_kernels_tile_is_the_input_that_it_weighs_most():
    kernel = np.zeros((1, 2, 2, 2))
    kernel[0, :, 0, 0], kernel[0, :, 1, 0] = (1, 2), (3, -4)
    kernel[0, :, 0, 1], kernel[0, :, 1, 1] = (5, 6), (0, 1)
    assert kernel_tiles({"conv": kernel})["conv"].tolist() == [[[3, -4]], [[5, 6]]]
