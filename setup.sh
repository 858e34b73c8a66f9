#!/usr/bin/env bash
# Installs what the project needs beside a Swift 6.2+ toolchain: OpenBLAS, zlib and libcrypto with their headers; with --mpi
# also Open MPI, for 'swift build --traits MPI'. Asks nothing; says what it does; is quick and silent when nothing is missing.
set -euo pipefail

wants_mpi=false
for argument in "$@"; do
    case $argument in
        --mpi) wants_mpi=true ;;
        *)
            printf "setup: unknown argument '%s'; allowed is --mpi\n" "$argument" >&2
            exit 64
            ;;
    esac
done

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# Headers and libraries, found the way the compiler will look for them.
is_complete() {
    if [ "$(uname)" = Darwin ]; then
        command -v brew > /dev/null && brew --prefix --installed openblas > /dev/null 2>&1
        return
    fi
    command -v pkg-config > /dev/null && pkg-config --exists openblas zlib libcrypto
}

# Installing packages needs root: directly, or by sudo where that asks no password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
        sudo -n "$@"
    else
        fail "not root, and sudo wants a password; run by hand: sudo $*"
    fi
}

install_packages() {
    if command -v apt-get > /dev/null; then
        local packages=(libopenblas-dev zlib1g-dev libssl-dev pkg-config)
        say "installing ${packages[*]} with apt-get"
        # Without lists, as on a fresh container, nothing can be found; with them the update can be saved.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" > /dev/null 2>&1 || {
            as_root apt-get update -qq > /dev/null
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" > /dev/null
        }
    elif command -v dnf > /dev/null; then
        local packages=(openblas-devel zlib-devel openssl-devel pkgconf-pkg-config)
        say "installing ${packages[*]} with dnf"
        as_root dnf install -y -q "${packages[@]}"
    elif command -v brew > /dev/null; then
        say "installing openblas and pkg-config with brew"
        brew install --quiet openblas pkg-config
    else
        fail "neither apt-get, dnf nor brew is here; install by hand: OpenBLAS (POSIX threads build), zlib and OpenSSL \
with their headers, and pkg-config"
    fi
}

command -v swift > /dev/null || fail "there is no 'swift'; install a Swift toolchain, 6.2 or later: https://www.swift.org/install"
version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
case $version in
    [1-5].* | 6.[01]) fail "Swift $version is too old; 6.2 or later is needed: https://www.swift.org/install" ;;
esac

# The MPI that the package is built with: BENCH_MPI is what pkg-config calls it.
mpi_is_complete() {
    command -v mpirun > /dev/null && command -v pkg-config > /dev/null && pkg-config --exists "${BENCH_MPI:-mpi-c}"
}

install_mpi() {
    if command -v apt-get > /dev/null; then
        local packages=(libopenmpi-dev openmpi-bin)
        say "installing ${packages[*]} with apt-get"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" > /dev/null 2>&1 || {
            as_root apt-get update -qq > /dev/null
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" > /dev/null
        }
    elif command -v dnf > /dev/null; then
        say "installing openmpi-devel with dnf"
        as_root dnf install -y -q openmpi-devel
        say "then 'module load mpi/openmpi-$(uname -m)', and 'export BENCH_MPI=ompi-c' for the build"
    elif command -v brew > /dev/null; then
        say "installing open-mpi with brew; 'export BENCH_MPI=ompi-c' for the build"
        brew install --quiet open-mpi
    else
        fail "neither apt-get, dnf nor brew is here; install Open MPI or MPICH with their headers by hand"
    fi
}

is_complete || install_packages
is_complete || fail "the packages are installed, but pkg-config does not find openblas, zlib and libcrypto; see 'pkg-config \
--cflags openblas zlib libcrypto'"

if $wants_mpi; then
    mpi_is_complete || install_mpi
    mpi_is_complete || fail "MPI is installed, but 'mpirun' or pkg-config's '${BENCH_MPI:-mpi-c}' is not found; set BENCH_MPI to \
its name (ompi-c, mpich)"
fi
