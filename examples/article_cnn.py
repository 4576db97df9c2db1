"""The article's script: its own lines, after the loading of data that it leaves out.

Run it with `python examples/article_cnn.py`; five epochs take about a minute on two
cores. `keras-cnn train` does the same and keeps a record of it.
"""

from tensorflow.keras import layers, models

from keras_cnn import data

dataset = data.load("auto")
print(dataset.name, dataset.provenance.note)
train_images, train_labels = dataset.train.images / 255.0, dataset.train.labels
test_images, test_labels = dataset.test.images / 255.0, dataset.test.labels

# From here on, the article.
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
