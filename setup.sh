#!/usr/bin/env bash
# Installs what the project needs beside a Swift 6.1+ toolchain: OpenBLAS and zlib with their headers.
# Asks nothing; says what it does; is quick and silent when nothing is missing.
set -euo pipefail

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
    command -v pkg-config > /dev/null && pkg-config --exists openblas && pkg-config --exists zlib
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
        local packages=(libopenblas-dev zlib1g-dev pkg-config)
        say "installing ${packages[*]} with apt-get"
        # Without lists, as on a fresh container, nothing can be found; with them the update can be saved.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" > /dev/null 2>&1 || {
            as_root apt-get update -qq > /dev/null
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" > /dev/null
        }
    elif command -v dnf > /dev/null; then
        local packages=(openblas-devel zlib-devel pkgconf-pkg-config)
        say "installing ${packages[*]} with dnf"
        as_root dnf install -y -q "${packages[@]}"
    elif command -v brew > /dev/null; then
        say "installing openblas and pkg-config with brew"
        brew install --quiet openblas pkg-config
    else
        fail "neither apt-get, dnf nor brew is here; install by hand: OpenBLAS (POSIX threads build) and zlib with their \
headers, and pkg-config"
    fi
}

command -v swift > /dev/null || fail "there is no 'swift'; install a Swift toolchain, 6.1 or later: https://www.swift.org/install"
version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
case $version in
    [1-5].* | 6.0) fail "Swift $version is too old; 6.1 or later is needed: https://www.swift.org/install" ;;
esac

is_complete || install_packages
is_complete || fail "the packages are installed, but pkg-config does not find openblas and zlib; see 'pkg-config --cflags openblas zlib'"
