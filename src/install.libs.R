# Run by R CMD INSTALL: installs the shim, and beside it the sources of the Python half, from which
# pip builds that half on the user's machine. Nothing is written into the source tree.

libs <- file.path(R_PACKAGE_DIR, paste0("libs", R_ARCH))
dir.create(libs, recursive = TRUE, showWarnings = FALSE)
shims <- Sys.glob(paste0("*", SHLIB_EXT))
file.copy(shims, libs, overwrite = TRUE)

# What the build of the Python half reads: the archive is one that pip takes.
files_of_python <- function(root) {
  sources <- c(
    core = "[.][ch]$", src = "[.]c$", R = "[.]R$",
    pyclass_bridge = "[.](pyi?|R|json|toml)$|^py[.]typed$"
  )
  found <- lapply(names(sources), function(folder) {
    inside <- list.files(file.path(root, folder), sources[[folder]], recursive = TRUE)
    file.path(folder, inside)
  })
  c("pyproject.toml", "setup.py", "pytest_pyclass_bridge.py", "README.md", "LICENSE", "DESCRIPTION", "NAMESPACE", unlist(found))
}

# A directory with the name of the archive, as the tools of Python expect it.
archive_python <- function(root, target) {
  name <- paste0("pyclass_bridge-", read.dcf(file.path(root, "DESCRIPTION"), "Version"))
  place <- tempfile("python")
  for (file in files_of_python(root)) {
    copy <- file.path(place, name, file)
    dir.create(dirname(copy), recursive = TRUE, showWarnings = FALSE)
    file.copy(file.path(root, file), copy)
  }
  before <- setwd(place)
  on.exit(setwd(before))
  dir.create(target, recursive = TRUE, showWarnings = FALSE)
  archive <- file.path(target, paste0(name, ".tar.gz"))
  utils::tar(archive, name, compression = "gzip", tar = "internal")
}

python <- file.path(R_PACKAGE_DIR, "python")
archive_python(R_PACKAGE_SOURCE, python)
file.copy(
  file.path(R_PACKAGE_SOURCE, c("pyclass_bridge/start/probe.py", "tools/install_system.sh")), python
)
