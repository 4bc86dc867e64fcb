"""A variational autoencoder."""

import keras
import tensorflow as tf
from keras import layers, ops

from support.keras_twins import data

# The loss that is reported, not its gradients, is summed by TensorFlow's threads in another order
# from run to run: the twin differs from itself in the last bit. Weights and predictions are equal.
TOLERANCE = {"history": 1e-6}

# R's operators on tensors are keras.ops. With Python's, which are TensorFlow's, the graph has other
# nodes, and the sums of the losses another order: they differ in the last bit.


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(99)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        deviation = ops.exp(ops.multiply(0.5, z_log_var))
        return ops.add(z_mean, ops.multiply(deviation, epsilon))


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.loss_tracker, self.kl_tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            z_mean, z_log_var, z = self.encoder(data)
            reconstruction = self.decoder(z)
            per_picture = keras.losses.binary_crossentropy(data, reconstruction)
            reconstruction_loss = ops.multiply(ops.mean(per_picture), 144)
            kl_loss = ops.subtract(ops.add(1.0, z_log_var), ops.square(z_mean))
            kl_loss = ops.multiply(-0.5, ops.subtract(kl_loss, ops.exp(z_log_var)))
            kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
            total_loss = ops.add(reconstruction_loss, kl_loss)
        gradients = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        self.loss_tracker.update_state(total_loss)
        self.kl_tracker.update_state(kl_loss)
        return {"loss": self.loss_tracker.result(), "kl_loss": self.kl_tracker.result()}


def train():
    keras.utils.set_random_seed(47)
    inputs = keras.Input((144,))
    hidden = layers.Dense(32, activation="relu")(inputs)
    z_mean = layers.Dense(2, name="z_mean")(hidden)
    z_log_var = layers.Dense(2, name="z_log_var")(hidden)
    z = Sampling()([z_mean, z_log_var])
    encoder = keras.Model(inputs, [z_mean, z_log_var, z])
    decoder = keras.Sequential(
        [keras.Input((2,)), layers.Dense(32, activation="relu"), layers.Dense(144, "sigmoid")]
    )
    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam(0.01))
    history = vae.fit(data("pictures"), epochs=12, batch_size=32, verbose=0)
    predictions = decoder.predict(data("codes"), verbose=0)
    return {
        "history": history, "predictions": predictions, "encoder": encoder, "decoder": decoder
    }  # fmt: skip
