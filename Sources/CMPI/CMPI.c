#include "CMPI.h"

// Without the package trait MPI the target is empty, and needs no MPI.
#ifdef BENCH_MPI

#include <mpi.h>
#include <string.h>

// MPI_Request is an int in MPICH and a pointer in Open MPI.
_Static_assert(sizeof(MPI_Request) <= sizeof(cmpi_request), "a request does not fit");

static cmpi_request from_mpi(MPI_Request request) {
    cmpi_request result = {0};
    memcpy(&result, &request, sizeof request);
    return result;
}

static MPI_Request to_mpi(const cmpi_request *request) {
    MPI_Request result;
    memcpy(&result, request, sizeof result);
    return result;
}

int cmpi_init(void) {
    int is_initialized = 0;
    MPI_Initialized(&is_initialized);
    if (is_initialized) return MPI_SUCCESS;
    int provided = 0;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS) return code;
    // So that an error is told by the program, with the rank and what it was doing.
    return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

bool cmpi_is_running(void) {
    int is_initialized = 0, is_finalized = 0;
    MPI_Initialized(&is_initialized);
    MPI_Finalized(&is_finalized);
    return is_initialized && !is_finalized;
}

int cmpi_finalize(void) { return cmpi_is_running() ? MPI_Finalize() : MPI_SUCCESS; }
void cmpi_abort(int exit_code) { MPI_Abort(MPI_COMM_WORLD, exit_code); }

int cmpi_rank(void) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

int cmpi_size(void) {
    int size = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    return size;
}

double cmpi_wtime(void) { return MPI_Wtime(); }

static void copy_text(const char *text, int length, char *to, int capacity) {
    int count = length < capacity - 1 ? length : capacity - 1;
    memcpy(to, text, (size_t)count);
    to[count] = 0;
}

void cmpi_error_text(int code, char *text, int capacity) {
    char buffer[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, buffer, &length);
    copy_text(buffer, length, text, capacity);
}

void cmpi_processor_name(char *name, int capacity) {
    char buffer[MPI_MAX_PROCESSOR_NAME];
    int length = 0;
    MPI_Get_processor_name(buffer, &length);
    copy_text(buffer, length, name, capacity);
}

void cmpi_library_version(char *text, int capacity) {
    char buffer[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(buffer, &length);
    copy_text(buffer, length, text, capacity);
}

int cmpi_send(const void *bytes, int count, int to, int tag) {
    return MPI_Send(bytes, count, MPI_BYTE, to, tag, MPI_COMM_WORLD);
}

int cmpi_receive(void *bytes, int count, int from, int tag) {
    return MPI_Recv(bytes, count, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

int cmpi_send_receive(
    const void *sent, int sent_count, int to, void *received, int received_count, int from, int tag) {
    return MPI_Sendrecv(
        sent, sent_count, MPI_BYTE, to, tag, received, received_count, MPI_BYTE, from, tag, MPI_COMM_WORLD,
        MPI_STATUS_IGNORE);
}

int cmpi_start_send(const void *bytes, int count, int to, int tag, cmpi_request *request) {
    MPI_Request started;
    int code = MPI_Isend(bytes, count, MPI_BYTE, to, tag, MPI_COMM_WORLD, &started);
    if (code == MPI_SUCCESS) *request = from_mpi(started);
    return code;
}

int cmpi_probe(bool *is_there, int *from, int *tag, int *count) {
    int flag = 0;
    MPI_Status status;
    int code = MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &status);
    *is_there = code == MPI_SUCCESS && flag;
    if (!*is_there) return code;
    *from = status.MPI_SOURCE;
    *tag = status.MPI_TAG;
    return MPI_Get_count(&status, MPI_BYTE, count);
}

int cmpi_test(cmpi_request *request, bool *is_over) {
    MPI_Request tested = to_mpi(request);
    int flag = 0;
    int code = MPI_Test(&tested, &flag, MPI_STATUS_IGNORE);
    *request = from_mpi(tested);
    *is_over = code == MPI_SUCCESS && flag;
    return code;
}

int cmpi_barrier(void) { return MPI_Barrier(MPI_COMM_WORLD); }

int cmpi_start_barrier(cmpi_request *request) {
    MPI_Request started;
    int code = MPI_Ibarrier(MPI_COMM_WORLD, &started);
    if (code == MPI_SUCCESS) *request = from_mpi(started);
    return code;
}

int cmpi_broadcast_bytes(void *bytes, int count, int root) {
    return MPI_Bcast(bytes, count, MPI_BYTE, root, MPI_COMM_WORLD);
}

int cmpi_all_reduce(float *numbers, int count) {
    return MPI_Allreduce(MPI_IN_PLACE, numbers, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

int cmpi_start_all_reduce(float *numbers, int count, cmpi_request *request) {
    MPI_Request started;
    int code = MPI_Iallreduce(MPI_IN_PLACE, numbers, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &started);
    if (code == MPI_SUCCESS) *request = from_mpi(started);
    return code;
}

int cmpi_reduce_scatter(const float *numbers, float *part, const int *counts) {
    return MPI_Reduce_scatter(numbers, part, counts, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

int cmpi_broadcast(float *numbers, int count, int root) {
    return MPI_Bcast(numbers, count, MPI_FLOAT, root, MPI_COMM_WORLD);
}

int cmpi_all_gather(const float *numbers, int count, float *all) {
    return MPI_Allgather(numbers, count, MPI_FLOAT, all, count, MPI_FLOAT, MPI_COMM_WORLD);
}

int cmpi_gather(const float *numbers, int count, float *all, int root) {
    return MPI_Gather(numbers, count, MPI_FLOAT, all, count, MPI_FLOAT, root, MPI_COMM_WORLD);
}

int cmpi_scatter(
    const float *numbers, const int *counts, const int *offsets, float *part, int part_count, int root) {
    return MPI_Scatterv(numbers, counts, offsets, MPI_FLOAT, part, part_count, MPI_FLOAT, root, MPI_COMM_WORLD);
}

int cmpi_all_to_all(
    const float *numbers, const int *counts, const int *offsets, float *parts, const int *part_counts,
    const int *part_offsets) {
    return MPI_Alltoallv(
        numbers, counts, offsets, MPI_FLOAT, parts, part_counts, part_offsets, MPI_FLOAT, MPI_COMM_WORLD);
}

int cmpi_all_gather_count(int64_t number, int64_t *all) {
    return MPI_Allgather(&number, 1, MPI_INT64_T, all, 1, MPI_INT64_T, MPI_COMM_WORLD);
}

int cmpi_all_gather_doubles(
    const double *numbers, int count, double *all, const int *counts, const int *offsets) {
    return MPI_Allgatherv(numbers, count, MPI_DOUBLE, all, counts, offsets, MPI_DOUBLE, MPI_COMM_WORLD);
}

#else

// A C file may not be empty.
typedef int cmpi_is_not_built;

#endif
