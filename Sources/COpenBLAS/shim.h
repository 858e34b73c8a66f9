#pragma once
#include <cblas.h>
#ifndef OPENBLAS_CONST
#error "cblas.h is not OpenBLAS's: run ./setup.sh"
#endif
#include <stddef.h>

/* Two routines of LAPACK, which OpenBLAS contains; distributions install the headers of it in other packages, or not at all.
   The lengths of character arguments come last, as Fortran compilers pass them. */

/* Eigenvalues, in ascending order in w, of the symmetric matrix a. */
void dsyev_(const char *jobz, const char *uplo, const blasint *n, double *a, const blasint *lda, double *w, double *work,
            const blasint *lwork, blasint *info, size_t jobz_length, size_t uplo_length);

/* Eigenvalues, in wr + i wi, of the matrix a. */
void dgeev_(const char *jobvl, const char *jobvr, const blasint *n, double *a, const blasint *lda, double *wr, double *wi,
            double *vl, const blasint *ldvl, double *vr, const blasint *ldvr, double *work, const blasint *lwork,
            blasint *info, size_t jobvl_length, size_t jobvr_length);
