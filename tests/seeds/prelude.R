# What the guides take from elsewhere: MNIST can't be downloaded here, so digits of the same shape
# are drawn at random (the same ones each time).
dataset_mnist <- function() {
  set.seed(1)
  digits <- function(n) {
    list(
      x = array(sample(0:255, n * 28 * 28, replace = TRUE), dim = c(n, 28, 28)),
      y = array(sample(0:9, n, replace = TRUE))
    )
  }
  list(train = digits(600), test = digits(600))
}
