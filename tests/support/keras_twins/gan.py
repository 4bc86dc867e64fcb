"""A GAN with a train_step() of its own."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from support.keras_twins import data

# What the script measures, not the training: R's mean() adds in long doubles and NumPy's in
# doubles, so that one mean in two differs in its last bit.
TOLERANCE = {"distances": 1e-14}


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.seed_generator = keras.random.SeedGenerator(1337)
        self.built = True

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def noise(self, batch_size):
        return keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)

    def train_step(self, data):
        n = ops.shape(data)[0]
        both = ops.concatenate([self.generator(self.noise(n)), data], axis=0)
        labels = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        gradients = tape.gradient(d_loss, weights)
        self.d_optimizer.apply_gradients(zip(gradients, weights, strict=True))

        points = self.noise(n)
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(ops.zeros((n, 1)), self.discriminator(self.generator(points)))
        weights = self.generator.trainable_weights
        gradients = tape.gradient(g_loss, weights)
        self.g_optimizer.apply_gradients(zip(gradients, weights, strict=True))

        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {"d_loss": self.d_loss_tracker.result(), "g_loss": self.g_loss_tracker.result()}


def train():
    keras.utils.set_random_seed(43)
    spiral = data("spiral").astype("float32")
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(32),
            layers.LeakyReLU(0.2),
            layers.Dense(32),
            layers.LeakyReLU(0.2),
            layers.Dense(1),
        ]
    )
    generator = keras.Sequential(
        [keras.Input((4,)), layers.Dense(32, "relu"), layers.Dense(32, "relu"), layers.Dense(2)]
    )
    gan = GAN(discriminator, generator, 4)
    gan.compile(
        d_optimizer=keras.optimizers.Adam(0.001, beta_1=0.5),
        g_optimizer=keras.optimizers.Adam(0.001, beta_1=0.5),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )

    def distance(made):
        apart = np.linalg.norm(made[:, None] - data("spiral")[None], axis=-1)
        return apart.min(1).mean()

    noise = data("noise")
    before = generator.predict(noise, verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices(spiral).batch(64)
    history = gan.fit(dataset, epochs=60, verbose=0)
    predictions = generator.predict(noise, verbose=0)
    return {
        "history": history, "predictions": predictions,
        "discriminator": discriminator, "generator": generator,
        "distances": [distance(before), distance(predictions)],
    }  # fmt: skip
