#!/usr/bin/env bash
# Tests/ExamplePackage/try.sh [--bench PROGRAM]: builds the example, which depends on the package around it, and does with its
# strategy, task and cluster what 'bench' does with its own. Then 'bench', which knows none of them, reports what the example
# wrote. At last, SwiftPM has to take the package by a version, from a repository with a tag. Says what went wrong, and where.
set -euo pipefail
cd "$(dirname "$0")/../.."

bench=.build/debug/bench
while [ $# -gt 0 ]; do
    case $1 in
    --bench) bench=$2; shift 2 ;;
    *) echo "try.sh: unknown option '$1'; allowed is --bench PROGRAM" >&2; exit 64 ;;
    esac
done

bench=$(realpath "$bench")
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

# has TEXT COMMAND...: the command succeeds and prints the text.
has() {
    local text=$1 printed
    shift
    printed=$("$@" 2>&1) || { echo "failed: $*"; echo "$printed"; exit 1; }
    grep -qF -- "$text" <<< "$printed" || { echo "'$text' is not in what this prints: $*"; echo "$printed"; exit 1; }
}

# refuses TEXT CODE COMMAND...: the command ends with the code and says the text.
refuses() {
    local text=$1 code=$2 printed actual=0
    shift 2
    printed=$("$@" 2>&1) || actual=$?
    [ "$actual" = "$code" ] || { echo "exit code $actual, not $code: $*"; echo "$printed"; exit 1; }
    grep -qF -- "$text" <<< "$printed" || { echo "'$text' is not in what this says: $*"; echo "$printed"; exit 1; }
}

swift build --package-path Tests/ExamplePackage --scratch-path .build-example
example=.build-example/debug/example
machines=(--task stripes --cluster laboratory --compute reference --seeds 2 --quiet)

has 'parameter-mixing' $example list
has 'stripes' $example list
has 'laboratory' $example list
has '--mix-every' $example run --help
has 'McDonald et al. 2010, figure 3' $example list --strategy parameter-mixing
has '2.5 Gbit/s' $example list --cluster laboratory

has 'parameter-mixing(mix-every=4)' $example --strategy 'sync,parameter-mixing,parameter-mixing(mix-every=4)' "${machines[@]}" \
    --output "$output/run"
has 'mix_every' head -1 "$output/run/summary.csv"
has 'parameter-mixing' $example report "$output/run"
has 'block-momentum' $example --strategy 'local-sgd,block-momentum,block-momentum(block-momentum=0.9)' "${machines[@]}" \
    --output "$output/blocks"
refuses 'a number from 0 to below 1' 64 $example --strategy block-momentum --block-momentum 1
has 'example run --task stripes' $example study --strategy parameter-mixing --vary mix-every=1,4 "${machines[@]}" --output "$output/study"
refuses 'a whole number from 1' 64 $example --strategy parameter-mixing --mix-every 0

has 'of 2 seeds reached the target' .build-example/debug/in-code

# A program without the strategy tells and compares what one with it has found, and makes no runs of it. (Its report.md also lists
# options that all rows share, since it does not know which values are usual for the task.)
cp -R "$output/run" "$output/again"
(cd "$output/run" && "$OLDPWD/$example" report .) > "$output/by-example.txt"
(cd "$output/again" && "$bench" report .) > "$output/by-bench.txt"
diff "$output/by-example.txt" "$output/by-bench.txt"
for file in summary.csv curves.csv targets.csv; do diff "$output/run/$file" "$output/again/$file"; done
has 'parameter-mixing' "$bench" report "$output/study"
has 'No regression; ' "$bench" compare "$output/run" "$output/run"
refuses "parameter-mixing" 64 "$bench" --strategy parameter-mixing

# By version: a repository as others would have it, with a tag.
mkdir "$output/distributed-training-bench" "$output/user"
tar -c Package.swift Sources Tests Benchmarks | tar -x -C "$output/distributed-training-bench"
git -C "$output/distributed-training-bench" init -q -b main
git -C "$output/distributed-training-bench" add -A
git -C "$output/distributed-training-bench" -c user.name=example -c user.email=example@example.org commit -q -m 'A version'
git -C "$output/distributed-training-bench" tag 0.1.0
cp -R Tests/ExamplePackage/Sources "$output/user/"
sed "s|\.package(name: .*path: .*)|.package(url: \"file://$output/distributed-training-bench\", from: \"0.1.0\")|" \
    Tests/ExamplePackage/Package.swift > "$output/user/Package.swift"
has 'from: "0.1.0"' cat "$output/user/Package.swift"
# Reads the manifests of all packages, and refuses what may not be depended on by its version.
has '0.1.0' swift package --package-path "$output/user" show-dependencies
echo "the example package is as it should be"
