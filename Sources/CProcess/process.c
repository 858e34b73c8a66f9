#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

void process_name_thread(const char *name) {
#if defined(__APPLE__)
    pthread_setname_np(name);
#elif defined(__linux__)
    prctl(PR_SET_NAME, name);
#else
    (void)name;
#endif
}

int process_bound_cores(void) {
#if defined(__linux__)
    // The kernel wants room for as many as it knows of.
    for (int most = 1024; most <= 1 << 20; most *= 4) {
        cpu_set_t *set = CPU_ALLOC(most);
        if (!set) return 0;
        size_t size = CPU_ALLOC_SIZE(most);
        int failed = sched_getaffinity(0, size, set);
        int count = failed ? 0 : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (!failed) return count;
        if (errno != EINVAL) return 0;
    }
#endif
    return 0;
}

// Signals

enum { most_signals = 65 };
static volatile sig_atomic_t signal_pipe = -1;
static bool is_watched[most_signals];

static void note(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe holds enough of them already.
    ssize_t written = write(signal_pipe, &byte, 1);
    (void)written;
    errno = before;
}

int process_watch_signals(const int *signals, int count) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    for (int end = 0; end < 2; end++) fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    signal_pipe = ends[1];
    for (int index = 0; index < count; index++) {
        struct sigaction old;
        if (sigaction(signals[index], NULL, &old) != 0) continue;
        bool is_ignored = !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_IGN;
        // A shell has its background jobs ignore these two, though they are to be stopped by whoever sends one.
        bool is_of_keyboard = signals[index] == SIGINT || signals[index] == SIGQUIT;
        if (is_ignored && !is_of_keyboard) continue;
        struct sigaction new = {.sa_handler = note, .sa_flags = SA_RESTART};
        sigfillset(&new.sa_mask);
        if (sigaction(signals[index], &new, NULL) == 0) is_watched[signals[index]] = true;
    }
    return ends[0];
}

void process_end_watch(void) {
    for (int number = 1; number < most_signals; number++) {
        if (is_watched[number]) signal(number, SIG_DFL);
        is_watched[number] = false;
    }
    // The write end stays open: a handler may be about to use it.
    if (signal_pipe >= 0) note(0);
}

// OpenBLAS's threads

#if defined(__linux__) && defined(__GLIBC__)
// OpenBLAS starts a thread for every core when it is loaded, which is before main(), and ends or hangs the process where it
// cannot. This program calls it from threads of its own and has no use for them. The library asks the environment how many
// it may start; functions in this section run before those of all libraries. The C library finds the environment in an array
// that cannot grow, so an entry makes room until the libraries are loaded.

extern char **environ;
static char no_threads[] = "OPENBLAS_NUM_THREADS=1";
// Volatile, since a compiler takes it that nothing has run before a constructor.
static char *volatile lent_entry;

static bool begins(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static void keep_blas_from_starting_threads(int count, char **arguments, char **environment) {
    (void)count, (void)arguments;
    char **chosen = NULL;
    for (char **entry = environment; *entry; entry++) {
        // What a shell notes for itself is the last that a library would read.
        if (!chosen || begins(*entry, "_=") || begins(*entry, "OLDPWD=")) chosen = entry;
        if (begins(*entry, "OPENBLAS_NUM_THREADS=")) {
            chosen = entry;
            break;
        }
    }
    if (!chosen) return;
    lent_entry = *chosen;
    *chosen = no_threads;
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(int, char **, char **) =
    keep_blas_from_starting_threads;

__attribute__((constructor)) static void restore_environment(void) {
    // A library may have copied the array.
    for (char **entry = environ; lent_entry && *entry; entry++) {
        if (strcmp(*entry, no_threads) == 0) *entry = lent_entry;
    }
}
#endif
