"""callback_plot(): the curves of a training in a file that is whole at any time."""

from __future__ import annotations

import csv
import itertools
import struct
import threading
import time

import pytest
from support import error_texts
from support.r_host import run_rscript
from support.r_models import DENSE, X, Y, from_r
from support.twin import data, dense_model

CODE = """
told <- function(code) tryCatch({ code; "no error" }, error = conditionMessage)
train <- function(...) fit(model, x, y, batch_size = 96, verbose = 0, ...)
"""


@pytest.fixture(scope="module", autouse=True)
def model(keras):
    from_r(DENSE + CODE, x=X, y=Y)


def is_whole(content: bytes) -> bool:
    return content.startswith(b"\x89PNG") and content.endswith(b"IEND\xaeB`\x82")


def size(content: bytes) -> tuple[int, int]:
    return struct.unpack(">II", content[16:24])


def test_the_file_is_that_of_plot(tmp_path):
    """The last picture has the bytes that plot() of the history writes."""
    live, after = tmp_path / "live.png", tmp_path / "after.png"
    from_r(
        """
        h <- train(epochs = 3, validation_split = 0.25, validation_freq = 2,
                   callbacks = callback_plot(live, metrics = "mae", width = 5, height = 3, lwd = 1))
        png(after, width = 5, height = 3, units = "in", res = 96)
        plot(h, metrics = "mae", method = "base", lwd = 1)
        invisible(dev.off())
        """,
        live=str(live), after=str(after),
    )  # fmt: skip
    assert is_whole(live.read_bytes()) and size(live.read_bytes()) == (480, 288)
    assert live.read_bytes() == after.read_bytes()


def test_a_reader_never_sees_a_part_of_it(tmp_path):
    path = tmp_path / "live.png"
    seen, ended = [], threading.Event()

    def read():
        while not ended.is_set():
            if path.exists():
                seen.append(path.read_bytes())
            time.sleep(0.001)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        from_r("train(epochs = 8, callbacks = callback_plot(path))", path=str(path))
    finally:
        ended.set()
        reader.join()
    assert len(set(seen)) >= 3
    assert all(map(is_whole, seen))
    assert [file.name for file in tmp_path.iterdir()] == ["live.png"]


def test_a_link_stays_and_a_percent_sign_is_one(tmp_path):
    link, path = tmp_path / "100%d.png", tmp_path / "live.png"
    link.symlink_to(path)
    from_r("train(epochs = 2, callbacks = callback_plot(path))", path=str(link))
    assert link.is_symlink() and is_whole(path.read_bytes())
    assert len(list(tmp_path.iterdir())) == 2


def test_files_stay_whole_after_an_error_in_a_later_epoch(keras, tmp_path):
    names = ("log.csv", "model.keras", "curves.png")
    log, saved, picture = (str(tmp_path / name) for name in names)
    told = from_r(
        """
        fail <- callback_lambda(on_epoch_end = function(epoch, logs) {
          if (epoch == 3) stop("broken in 3")
        })
        told(train(epochs = 5, callbacks = list(
          callback_csv_logger(log), callback_model_checkpoint(saved), callback_plot(picture), fail
        )))
        """,
        log=log, saved=saved, picture=picture,
    )  # fmt: skip
    assert told == "broken in 3"
    with open(log) as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert all(float(row["loss"]) > 0 for row in rows)
    weights = keras.models.load_model(saved).get_weights()
    assert all((a == b).all() for a, b in zip(weights, from_r("model").get_weights(), strict=True))
    assert is_whole((tmp_path / "curves.png").read_bytes())
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)


def test_every_so_many_epochs_and_at_the_end(tmp_path):
    code = """
    drawn <- c()
    look <- callback_lambda(on_epoch_end = function(epoch, logs) {
      drawn <<- c(drawn, if (file.exists(path)) unname(tools::md5sum(path)) else "none yet")
    })
    train(epochs = 5, callbacks = list(callback_plot(path, freq = 2), look))
    c(drawn, unname(tools::md5sum(path)))
    """
    first, *rest = from_r(code, path=str(tmp_path / "live.png"))
    assert first == "none yet"
    assert [a == b for a, b in itertools.pairwise(rest)] == [True, False, True, False]


def test_the_devices_of_the_user_stay(tmp_path):
    code = """
    pdf(own)
    pdf(NULL)
    dev.set(2)
    train(epochs = 1, callbacks = callback_plot(path))
    found <- list(unname(dev.cur()), as.integer(dev.list()))
    graphics.off()
    found
    """
    found = from_r(code, own=str(tmp_path / "own.pdf"), path=str(tmp_path / "live.png"))
    assert found == [2, [2, 3]]


def test_without_a_path_it_draws_on_an_open_device(tmp_path):
    code = """
    png(own)
    train(epochs = 2, callbacks = callback_plot())
    graphics.off()
    """
    from_r(code, own=str(tmp_path / "%d.png"))
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["1.png", "2.png"]
    assert all(is_whole(file.read_bytes()) for file in tmp_path.iterdir())


def test_a_fit_from_python_again_with_the_same_callback(tmp_path):
    x, y = data()
    callback = from_r("callback_plot(path)", path=str(tmp_path / "live.png"))
    model = dense_model()
    pictures = []
    for _ in range(2):
        model.set_weights([0 * weight for weight in model.get_weights()])
        model.optimizer.iterations.assign(0)
        model.fit(x, y, epochs=2, callbacks=[callback], verbose=0, shuffle=False)
        pictures.append((tmp_path / "live.png").read_bytes())
    assert is_whole(pictures[0]) and pictures[0] == pictures[1]


def test_what_is_no_number_is_not_drawn(tmp_path):
    code = """
    Notes <- Callback("Notes", on_epoch_end = function(epoch, logs) list(note = "good"))
    train(epochs = 1, callbacks = list(Notes(), callback_plot(path)))
    """
    from_r(code, path=str(tmp_path / "live.png"))
    assert is_whole((tmp_path / "live.png").read_bytes())


def test_by_ggplot2(r, tmp_path):
    if not r("requireNamespace('ggplot2', quietly = TRUE)"):
        pytest.skip("ggplot2 is not installed")
    path = tmp_path / "live.png"
    from_r('train(epochs = 1, callbacks = callback_plot(path, method = "ggplot2"))', path=str(path))
    assert is_whole(path.read_bytes())


MISTAKES = {
    "nowhere": "callback_plot()",
    "another kind of file": 'callback_plot("curves.pdf")',
    "no string": "callback_plot(3)",
    "no directory": 'callback_plot("/no/such/curves.png")',
    "a metric": 'train(epochs = 2, callbacks = callback_plot(path, metrics = "acc"))',
    "metrics": "callback_plot(path, metrics = 1)",
    "a method": 'callback_plot(path, method = "lattice")',
    "a frequency": "callback_plot(path, freq = 0)",
    "a width": 'callback_plot(path, width = "wide")',
    "a height": "callback_plot(path, height = -1)",
    "a resolution": "callback_plot(path, res = c(72, 96))",
}


def test_texts(tmp_path):
    path = str(tmp_path / "live.png")
    texts = {name: from_r(f"told({code})", path=path) for name, code in MISTAKES.items()}
    error_texts.check("plot_errors", texts)
    assert not any(tmp_path.iterdir())


def test_where_r_hosts_the_users_device_has_a_page_for_each_epoch(tmp_path):
    code = """
        model <- keras_model_sequential(input_shape = 1) |> layer_dense(1)
        model |> compile(loss = "mse")
        before <- list.files(tempdir())
        png("page%d.png", width = 300, height = 200)
        tell <- callback_lambda(on_epoch_end = function(epoch, logs) {
          cat(length(list.files(pattern = "page")), "")
        })
        h <- model |> fit(
          1:10, 2 * 1:10, epochs = 3, verbose = 0, callbacks = list(callback_plot(), tell)
        )
        plot(h, method = "base")
        invisible(dev.off())
        cat(setdiff(list.files(tempdir()), before), "|", dim(utils::head(as.data.frame(h), 2)))
    """
    done = run_rscript(code, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1 2 3  | 2 4"), done.stderr
    pages = sorted(tmp_path.iterdir())
    assert [page.name for page in pages] == [f"page{n}.png" for n in range(1, 5)]
    assert all(is_whole(page.read_bytes()) and page.stat().st_size > 1000 for page in pages)
