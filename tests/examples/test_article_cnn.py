import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "article_cnn.py"

# The article's listing, letter by letter.
LISTING = """\
model = models.Sequential()
model.add(layers.Conv2D(32, (3, 3), activation='relu', input_shape=(28, 28, 1)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation='relu'))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation='relu'))
model.add(layers.Flatten())
model.add(layers.Dense(64, activation='relu'))
model.add(layers.Dense(10, activation='softmax'))

model.compile(optimizer='adam',
              loss='sparse_categorical_crossentropy',
              metrics=['accuracy'])

model.fit(train_images, train_labels, epochs=5)

test_loss, test_acc = model.evaluate(test_images, test_labels)
print('Test accuracy:', test_acc)
"""


def test_script_keeps_the_articles_lines():
    assert LISTING in SCRIPT.read_text()


@pytest.mark.large
def test_script_ends_in_the_test_accuracy(tmp_path):
    # on the bundled digits, so that it takes seconds
    script = SCRIPT.read_text().replace('data.load("auto")', 'data.load("digits")')
    assert 'data.load("digits")' in script
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stdout.splitlines()[-1]
    accuracy = re.fullmatch(r"Test accuracy: (0\.\d+)", last)
    assert accuracy, last
    assert float(accuracy[1]) >= 0.9
