#pragma once
#include <stdbool.h>

/// Whether allocations are counted in this build: on Linux, without a sanitizer, which counts for itself.
bool allocation_counter_is_available(void);
/// Heap allocations that the calling thread has made so far.
long allocation_counter_value(void);
