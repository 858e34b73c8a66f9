#include "CEmbeddedData.h"

// The assembler copies the file into the program: an array literal of 53,000 numbers takes Swift seconds to compile.
#ifdef __APPLE__
#define CONSTANTS ".section __TEXT,__const\n"
#define NAME(symbol) "_" symbol
#else
#define CONSTANTS ".section .rodata\n"
#define NAME(symbol) symbol
#endif

__asm__(CONSTANTS ".globl " NAME("embedded_digits_start") "\n" NAME("embedded_digits_start") ":\n"
        ".incbin \"digits.csv.gz\"\n"
        ".globl " NAME("embedded_digits_end") "\n" NAME("embedded_digits_end") ":\n"
        ".byte 0\n"
        ".text\n");

extern const unsigned char embedded_digits_start[];
extern const unsigned char embedded_digits_end[];

const unsigned char *embedded_digits(void) { return embedded_digits_start; }
size_t embedded_digits_count(void) { return (size_t)(embedded_digits_end - embedded_digits_start); }
