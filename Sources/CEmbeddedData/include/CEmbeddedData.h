#ifndef CEMBEDDEDDATA_H
#define CEMBEDDEDDATA_H

#include <stddef.h>

extern const unsigned char bench_digits_begin[], bench_digits_end[];
extern const unsigned char bench_letters_begin[], bench_letters_end[];
extern const unsigned char bench_sotu_begin[], bench_sotu_end[];
extern const unsigned char bench_vowels_begin[], bench_vowels_end[];

static inline const unsigned char *bench_digits(void) { return bench_digits_begin; }
static inline size_t bench_digits_count(void) { return (size_t)(bench_digits_end - bench_digits_begin); }
static inline const unsigned char *bench_letters(void) { return bench_letters_begin; }
static inline size_t bench_letters_count(void) { return (size_t)(bench_letters_end - bench_letters_begin); }
static inline const unsigned char *bench_sotu(void) { return bench_sotu_begin; }
static inline size_t bench_sotu_count(void) { return (size_t)(bench_sotu_end - bench_sotu_begin); }
static inline const unsigned char *bench_vowels(void) { return bench_vowels_begin; }
static inline size_t bench_vowels_count(void) { return (size_t)(bench_vowels_end - bench_vowels_begin); }

#endif
