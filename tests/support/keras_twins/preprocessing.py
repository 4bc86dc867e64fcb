"""Preprocessing layers one by one, and a feature space."""

import keras
import tensorflow as tf
from keras import layers

from support.keras_twins import data


def by_layers(columns, uptake):
    normalize = layers.Normalization()
    normalize.adapt(columns["conc"])
    bins = layers.Discretization(bin_boundaries=[150, 300, 600])
    one_hot_bins = layers.CategoryEncoding(4, output_mode="one_hot")
    look_up = layers.StringLookup(num_oov_indices=1)
    look_up.adapt(columns["type"])
    chilled = layers.StringLookup(vocabulary=["nonchilled", "chilled"], output_mode="one_hot")

    conc = keras.Input((1,), name="conc")
    kind = keras.Input((1,), name="type", dtype="string")
    treatment = keras.Input((1,), name="treatment", dtype="string")
    x = layers.Concatenate()(
        [
            normalize(conc),
            one_hot_bins(bins(conc)),
            layers.CategoryEncoding(3, output_mode="one_hot")(look_up(kind)),
            chilled(treatment),
        ]
    )
    hidden = layers.Dense(16, activation="relu")(x)
    inputs = {"conc": conc, "type": kind, "treatment": treatment}
    model = keras.Model(inputs, layers.Dense(1)(hidden))
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    tensors = {name: tf.constant(values) for name, values in columns.items()}
    history = model.fit(tensors, uptake, epochs=20, batch_size=16, verbose=0)
    return {
        "history": history,
        "scores": model.evaluate(tensors, uptake, verbose=0, return_dict=True),
        "predictions": model.predict(tensors, verbose=0),
        "model": model,
    }


def by_feature_space(columns, uptake):
    space = keras.utils.FeatureSpace
    one_hot = {"num_oov_indices": 0, "output_mode": "one_hot"}
    feature_space = space(
        features={
            "conc": space.float_normalized(),
            "type": space.string_categorical(**one_hot),
            "treatment": space.string_categorical(**one_hot),
        },
        crosses=[space.cross(("type", "treatment"), crossing_dim=8)],
        output_mode="concat",
    )
    frame = {name: values[:, 0] for name, values in columns.items()}
    feature_space.adapt(tf.data.Dataset.from_tensor_slices(frame))
    coded = feature_space({name: tf.constant(values) for name, values in frame.items()}).numpy()
    model = keras.Sequential(
        [keras.Input((13,)), layers.Dense(16, activation="relu"), layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    history = model.fit(coded, uptake, epochs=20, batch_size=16, verbose=0)
    return {"space": coded, "space_history": history, "space_model": model}


def train():
    keras.utils.set_random_seed(59)
    columns = {name: data(name) for name in ("conc", "type", "treatment")}
    uptake = data("uptake")
    return by_layers(columns, uptake) | by_feature_space(columns, uptake)
