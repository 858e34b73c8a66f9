#pragma once
#include <stdbool.h>

/// Whether this processor and its operating system run AVX-512 as x86-64-v4 has it (F, BW, CD, DQ and VL).
bool processor_has_avx512(void);
