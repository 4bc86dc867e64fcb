# Preprocessing as layers: numbers standardised, strings looked up and coded, a column cut into bins;
# then all of it at once by layer_feature_space(). The data are R's own `CO2` (plants in the cold).

library(keras3)
library(tensorflow)

set_random_seed(59)

plants <- as.data.frame(CO2)[sample(nrow(CO2)), ]
conc <- matrix(plants$conc)
type <- matrix(as.character(plants$Type))
treatment <- matrix(as.character(plants$Treatment))
uptake <- plants$uptake / 10

# ---- one layer for each column ----

normalize <- layer_normalization()
normalize |> adapt(conc)

bins <- layer_discretization(bin_boundaries = c(150, 300, 600))
one_hot_bins <- layer_category_encoding(num_tokens = 4, output_mode = "one_hot")

look_up <- layer_string_lookup(num_oov_indices = 1)
look_up |> adapt(type)
cat("known types:", get_vocabulary(look_up), "\n")

chilled <- layer_string_lookup(vocabulary = c("nonchilled", "chilled"), output_mode = "one_hot")

input_conc <- layer_input(1, name = "conc")
input_type <- layer_input(1, name = "type", dtype = "string")
input_treatment <- layer_input(1, name = "treatment", dtype = "string")

features <- layer_concatenate(
  normalize(input_conc),
  input_conc |> bins() |> one_hot_bins(),
  input_type |> look_up() |>
    layer_category_encoding(num_tokens = 3, output_mode = "one_hot"),
  chilled(input_treatment)
)
output <- features |>
  layer_dense(16, activation = "relu") |>
  layer_dense(1)
model <- keras_model(
  list(conc = input_conc, type = input_type, treatment = input_treatment), output
)
model |> compile(optimizer = optimizer_adam(0.02), loss = "mse", metrics = "mae")

columns <- list(conc = conc, type = as_tensor(type), treatment = as_tensor(treatment))
history <- model |> fit(columns, uptake, epochs = 20, batch_size = 16, verbose = 0)
scores <- model |> evaluate(columns, uptake, verbose = 0)
predictions <- model |> predict(columns, verbose = 0)
cat("mean absolute error:", round(10 * scores$mae, 1), "umol/m2 s\n")

# ---- the same in one: a feature space ----

feature_space <- layer_feature_space(
  features = list(
    conc = feature_float_normalized(),
    type = feature_string_categorical(num_oov_indices = 0, output_mode = "one_hot"),
    treatment = feature_string_categorical(num_oov_indices = 0, output_mode = "one_hot")
  ),
  crosses = list(feature_cross(c("type", "treatment"), crossing_dim = 8)),
  output_mode = "concat"
)
frame <- list(conc = plants$conc, type = as.vector(type), treatment = as.vector(treatment))
dataset <- tf$data$Dataset$from_tensor_slices(frame)
feature_space |> adapt(dataset)

space <- as.array(feature_space(lapply(frame, as_tensor)))
cat("a plant is", ncol(space), "numbers:", round(space[1, ], 2), "\n")

space_model <- keras_model_sequential(input_shape = ncol(space)) |>
  layer_dense(16, activation = "relu") |>
  layer_dense(1)
space_model |> compile(optimizer = optimizer_adam(0.02), loss = "mse")
space_history <- space_model |> fit(space, uptake, epochs = 20, batch_size = 16, verbose = 0)
