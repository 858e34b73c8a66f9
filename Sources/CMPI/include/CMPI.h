#pragma once
#include <stdbool.h>
#include <stdint.h>

// MPI as functions of plain types, since MPI's constants are macros that Swift does not import, and differ between
// implementations. All ranks are those of MPI_COMM_WORLD, all lengths are counts of elements. A function that returns
// int returns 0 or MPI's error code, see cmpi_error_text.

/// A communication that is under way.
typedef struct {
    uint64_t handle;
} cmpi_request;

/// Starts MPI for calls from one thread; further calls do nothing.
int cmpi_init(void);
/// Between cmpi_init and cmpi_finalize.
bool cmpi_is_running(void);
int cmpi_finalize(void);
/// Ends the processes of the job.
void cmpi_abort(int exit_code);

int cmpi_rank(void);
int cmpi_size(void);
/// Seconds since some time in the past.
double cmpi_wtime(void);
void cmpi_error_text(int code, char *text, int capacity);
/// The host as MPI names it.
void cmpi_processor_name(char *name, int capacity);
/// Name and version of the implementation.
void cmpi_library_version(char *text, int capacity);

// Messages of bytes.

int cmpi_send(const void *bytes, int count, int to, int tag);
int cmpi_receive(void *bytes, int count, int from, int tag);
int cmpi_send_receive(const void *sent, int sent_count, int to, void *received, int received_count, int from, int tag);
/// The buffer must live until cmpi_test says that the message is sent.
int cmpi_start_send(const void *bytes, int count, int to, int tag, cmpi_request *request);
/// Whether a message of any rank with any tag has come, and what it is.
int cmpi_probe(bool *is_there, int *from, int *tag, int *count);
/// Whether the communication is over; then the request is used up.
int cmpi_test(cmpi_request *request, bool *is_over);

// Collectives of all ranks.

int cmpi_barrier(void);
int cmpi_start_barrier(cmpi_request *request);
int cmpi_broadcast_bytes(void *bytes, int count, int root);
/// Sums in place.
int cmpi_all_reduce(float *numbers, int count);
int cmpi_start_all_reduce(float *numbers, int count, cmpi_request *request);
/// The r-th rank gets the sum of the counts[r] numbers at offsets[r], into `part`.
int cmpi_reduce_scatter(const float *numbers, float *part, const int *counts);
int cmpi_broadcast(float *numbers, int count, int root);
/// Every rank's `count` numbers, one behind the other.
int cmpi_all_gather(const float *numbers, int count, float *all);
/// On the root every rank's `count` numbers, one behind the other.
int cmpi_gather(const float *numbers, int count, float *all, int root);
/// The root's counts[r] numbers at offsets[r] go to rank r, which takes `part_count` of them into `part`.
int cmpi_scatter(
    const float *numbers, const int *counts, const int *offsets, float *part, int part_count, int root);
/// counts[r] numbers at offsets[r] go to rank r; from every rank come `part_count` numbers, one behind the other.
int cmpi_all_to_all(
    const float *numbers, const int *counts, const int *offsets, float *parts, const int *part_counts,
    const int *part_offsets);
/// One number of every rank, in the order of ranks, on all ranks.
int cmpi_all_gather_count(int64_t number, int64_t *all);
/// counts[r] numbers of rank r at offsets[r], on all ranks.
int cmpi_all_gather_doubles(
    const double *numbers, int count, double *all, const int *counts, const int *offsets);
