"""Plain R inside what Keras and TensorFlow compile: R code gets R values, whatever calls it."""
