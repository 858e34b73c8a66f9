// How long raw messages take: messages KIND REPETITIONS BYTES...
// KIND is allreduce (of floats, summed) or pingpong (between the first and the last process; a round trip is two messages).
// Rank 0 prints a line for each repetition: kind, processes, bytes, seconds.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    MPI_Init(&count, &arguments);
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const char *kind = arguments[1];
    const int repetitions = atoi(arguments[2]);
    const int last = size - 1;
    for (int argument = 3; argument < count; argument++) {
        const long bytes = atol(arguments[argument]);
        const int elements = (int)(bytes / 4);
        float *vector = calloc(elements + 1, 4);
        // The first is not timed: connections are made and memory is touched.
        for (int repetition = -1; repetition < repetitions; repetition++) {
            MPI_Barrier(MPI_COMM_WORLD);
            const double start = MPI_Wtime();
            if (strcmp(kind, "allreduce") == 0) {
                MPI_Allreduce(MPI_IN_PLACE, vector, elements, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
            } else if (rank == 0) {
                MPI_Send(vector, elements, MPI_FLOAT, last, 0, MPI_COMM_WORLD);
                MPI_Recv(vector, elements, MPI_FLOAT, last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            } else if (rank == last) {
                MPI_Recv(vector, elements, MPI_FLOAT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                MPI_Send(vector, elements, MPI_FLOAT, 0, 0, MPI_COMM_WORLD);
            }
            const double own = MPI_Wtime() - start;
            double slowest = own;
            MPI_Reduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
            if (rank == 0 && repetition >= 0) {
                printf("%s,%d,%ld,%.6f\n", kind, size, (long)elements * 4, slowest);
                fflush(stdout);
            }
        }
        free(vector);
    }
    MPI_Finalize();
}
