"""R classes and the Keras surface on each backend of Keras, in a process of its own for each.

A backend that is not installed is skipped. On the backend of this process the files run as such.

Of: training/train.py, callbacks/set.py, classes/builder.py.
"""

from __future__ import annotations

import pytest
from support.backends import again_on_others, run_again

TWINS = [
    "callbacks/test_callback.py",
    "callbacks/test_self.py",
    "callbacks/test_training.py",
    "events/test_keras.py",
    "callbacks/test_set.py",
    "callbacks/test_context.py",
    "training/test_run.py",
    "training/test_metric.py",
    "training/test_keras_bases.py",
    "training/test_keras_small_bases.py",
    "training/test_resume.py",
]
SURFACE = [
    "classes/test_hooks.py",
    "classes/test_lost_state.py",
    "surface/test_indices.py",
    "surface/test_compose.py",
    "training/test_compile.py",
    "surface/test_arguments.py",
    "surface/test_wrapper.py",
    "surface/test_layer_pipe.py",
    "for_r/test_tensor.py",
    "testthat/test-for_r_tensor.R",
]

# What the backends do differently: threads, tracing, variables, optimizers.
CHOSEN = (
    "a_set_ or on_exit_after_an_error"
    " or every_hook_in_order and Callback or merged_into or from_a_batch_hook or kept_on_self"
    " or async_safe or without_a_list or worker_threads or restores or mixed_precision"
    " or the_reference_s_example and not weights and not in_r"
    " or r_functions_count_from_1 or a_function_stops_the_training"
    " or uninterrupted or same_model_resumes or training_that_was_stopped"
    " or stateless or test_results or test_layer or constraint or test_optimizer"
)


@again_on_others
@pytest.mark.parametrize(
    ("files", "chosen"), [(TWINS, CHOSEN), (SURFACE, "")], ids=["twins", "surface"]
)
def test_on_another_backend(other, files, chosen):
    run_again(other, *files, "-k", chosen)
