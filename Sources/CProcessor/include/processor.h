#pragma once
#include <stdbool.h>

/// Whether this processor and its operating system run AVX-512 as x86-64-v4 has it (F, BW, CD, DQ and VL).
bool processor_has_avx512(void);

/// Eight floats, which Swift knows as SIMD8<Float>.
typedef float lanes_of_floats __attribute__((__ext_vector_type__(8)));

/// The square root of every lane, by the processor's instruction for it: Swift's squareRoot() of a vector takes one lane after
/// the other.
static inline __attribute__((always_inline)) lanes_of_floats lanes_square_root(lanes_of_floats lanes) {
    return __builtin_elementwise_sqrt(lanes);
}
