#pragma once
#include <stddef.h>

/// The bytes of digits.csv.gz, and how many they are.
const unsigned char *embedded_digits(void);
size_t embedded_digits_count(void);
