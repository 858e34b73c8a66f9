// Files that travel inside the program. An array in Swift takes minutes to compile at this size, and one in C is no file that
// anybody can open; the assembler puts a file's bytes where they are. It finds them beside the header.
#if defined(__APPLE__)
#define NAME(name) _##name
    .section __TEXT,__const
#else
#define NAME(name) name
    .section .rodata
#endif

    .globl NAME(bench_digits_begin)
    .globl NAME(bench_digits_end)
    .globl NAME(bench_letters_begin)
    .globl NAME(bench_letters_end)
    .globl NAME(bench_sotu_begin)
    .globl NAME(bench_sotu_end)
    .globl NAME(bench_vowels_begin)
    .globl NAME(bench_vowels_end)
NAME(bench_digits_begin):
    .incbin "digits.csv.gz"
NAME(bench_digits_end):
NAME(bench_letters_begin):
    .incbin "letters.txt.gz"
NAME(bench_letters_end):
NAME(bench_sotu_begin):
    .incbin "sotu.txt.gz"
NAME(bench_sotu_end):
NAME(bench_vowels_begin):
    .incbin "vowels.csv.gz"
NAME(bench_vowels_end):

#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
