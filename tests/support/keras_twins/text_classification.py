"""Reviews as strings, through TextVectorization."""

import keras
import tensorflow as tf
from keras import layers

from support.keras_twins import data


def train():
    keras.utils.set_random_seed(7)
    reviews = data("reviews")
    vectorize = layers.TextVectorization(max_tokens=50, output_sequence_length=12)
    vectorize.adapt(reviews[:240])
    vocabulary = vectorize.get_vocabulary()

    inputs = keras.Input((1,), dtype="string")
    x = vectorize(inputs)
    x = layers.Embedding(len(vocabulary), 8)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dense(16, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])

    texts, labels = tf.constant(reviews), data("labels")
    history = model.fit(texts[:240], labels[:240], epochs=6, batch_size=30, verbose=0)
    scores = model.evaluate(texts[240:], labels[240:], verbose=0, return_dict=True)
    examples = ["The soup was delicious!", "Our waiter was rude and the room noisy."]
    predictions = model.predict(tf.constant(examples), verbose=0)
    return {
        "history": history, "scores": scores, "predictions": predictions, "model": model,
        "vocabulary": vocabulary,
    }  # fmt: skip
