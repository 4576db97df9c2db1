import numpy as np
import pytest

from keras_cnn.data import ArraySplit, StreamedSplit


@pytest.fixture
def numbered():
    """Twelve images whose every pixel is the image's number, as is its label."""
    numbers = np.arange(12)
    images = np.broadcast_to(numbers[:, None, None, None], (12, 2, 2, 1))
    return ArraySplit(images.astype(np.uint8), numbers.astype(np.int64))


@pytest.fixture
def streamed(numbered):
    import tensorflow as tf

    def read(shuffle, seed):
        return tf.data.Dataset.from_tensor_slices((numbered.images, numbered.labels))

    return StreamedSplit(read, 12, (2, 2, 1))


def orders(batches, epochs=2):
    """Returns the labels by epoch, having checked that images go with them."""
    seen = []
    for _ in range(epochs):
        labels = []
        for images, numbers in batches.as_numpy_iterator():
            assert images.dtype == np.float32
            pixels = numbers.astype(np.uint8).astype(np.float32) * np.float32(1 / 255)
            np.testing.assert_array_equal(images[:, 0, 0, 0], pixels)
            labels += numbers.tolist()
        seen.append(labels)
    return seen


@pytest.mark.parametrize("kind", ["numbered", "streamed"])
def test_batches_without_shuffle_keep_the_order_and_the_rest(kind, request):
    split = request.getfixturevalue(kind)
    batches = split.batches(5)
    assert len(batches) == 3
    assert orders(batches) == [list(range(12))] * 2


@pytest.mark.parametrize("kind", ["numbered", "streamed"])
def test_batches_with_shuffle_draw_a_new_order_each_epoch(kind, request):
    split = request.getfixturevalue(kind)
    first, second = orders(split.batches(5, shuffle=True, seed=1))
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second
    assert orders(split.batches(5, shuffle=True, seed=1)) == [first, second]
    assert orders(split.batches(5, shuffle=True, seed=2))[0] != first


@pytest.mark.parametrize("kind", ["numbered", "streamed"])
def test_images_at_gives_them_in_the_order_asked_for(kind, request):
    split = request.getfixturevalue(kind)
    assert split.images_at([7, 2])[:, 0, 0, 0].tolist() == [7, 2]
    assert split.images_at([]).shape == (0, 2, 2, 1)


def test_streamed_split_with_a_cache_reads_once(numbered, tmp_path):
    import tensorflow as tf

    reads = []

    def read(shuffle, seed):
        def images():
            reads.append(1)
            yield from zip(numbered.images, numbered.labels, strict=True)

        return tf.data.Dataset.from_generator(
            images,
            output_signature=(
                tf.TensorSpec((2, 2, 1), tf.uint8),
                tf.TensorSpec((), tf.int64),
            ),
        )

    split = StreamedSplit(read, 12, (2, 2, 1), cache=str(tmp_path / "cache"))
    orders(split.batches(4, shuffle=True, seed=0), epochs=3)
    assert len(reads) == 1
