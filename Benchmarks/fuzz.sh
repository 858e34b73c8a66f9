#!/usr/bin/env bash
# Searches for hours: libFuzzer on every reader, guided by which code an input reaches (all Swift code of the package is
# instrumented), with the harness's own changes of inputs and its judgement of what becomes of them. What it finds is in
# FOLDER/CLASS/: inputs that reach new code in corpus/, and those that fail beside it.
#
#     Benchmarks/fuzz.sh                                   ten minutes for each class
#     Benchmarks/fuzz.sh --minutes 60 gzip schedule        an hour each for two
#     Benchmarks/fuzz.sh --folder ~/fuzz                   goes on from the inputs of an earlier search there
#
# A finding is read again by '.build-fuzz/debug/fuzz-readers --class CLASS --file FILE'. Inputs that failed belong into
# Tests/Fuzz/Corpus/CLASS, where every run of the tests reads them.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=10
folder=.build-fuzz/found
classes=()
while [ $# -gt 0 ]; do
    case $1 in
        --minutes) minutes=${2:?--minutes needs a number}; shift 2 ;;
        --folder) folder=${2:?--folder needs a name}; shift 2 ;;
        -*) printf "fuzz.sh: unknown option '%s'; allowed are --minutes and --folder\n" "$1" >&2; exit 64 ;;
        *) classes+=("$1"); shift ;;
    esac
done
all=(safetensors idx gzip cluster latencies devices points results study schedule experiment checkpoint resume values
    profile npy npz task)
[ ${#classes[@]} -gt 0 ] || classes=("${all[@]}")

# The library that comes with the compiler; the one without a main function of its own, since the harness has one.
runtime=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": *"\(.*\)".*/\1/p')
library=$(find -L "$runtime/clang/lib" -name 'libclang_rt.fuzzer_no_main-*.a' 2> /dev/null | grep "$(uname -m)" | head -n 1)
[ -n "$library" ] || { printf 'fuzz.sh: the Swift toolchain has no libclang_rt.fuzzer_no_main for %s\n' "$(uname -m)" >&2; exit 1; }

# Only what compiles is told of the sanitizer: told as well, the linker would take the library with the main function.
swift build --product fuzz-readers --scratch-path .build-fuzz -Xswiftc -DCOVERAGE \
    -Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xlinker "$library" -Xlinker -lstdc++

failed=0
for class in "${classes[@]}"; do
    echo "== $class, $minutes minutes"
    mkdir -p "$folder/$class/corpus"
    seeds=()
    [ -d "Tests/Fuzz/Corpus/$class" ] && seeds=("Tests/Fuzz/Corpus/$class")
    # The program's own seeds are in no folder.
    .build-fuzz/debug/fuzz-readers --class "$class" --write-seeds "$folder/$class/corpus"
    SWIFT_BACKTRACE=enable=no .build-fuzz/debug/fuzz-readers --class "$class" --coverage-guided -- \
        -max_total_time=$((minutes * 60)) -timeout=20 -rss_limit_mb=4096 -max_len=1048576 -print_final_stats=1 \
        -artifact_prefix="$folder/$class/" "$folder/$class/corpus" ${seeds[@]+"${seeds[@]}"} \
        2> "$folder/$class/log" || { failed=1; grep -E '^==|Fatal error|SUMMARY|Test unit written' "$folder/$class/log" || true; }
    grep -E '^stat::|^#.*(DONE|pulse)' "$folder/$class/log" | tail -n 8 || true
done
exit $failed
