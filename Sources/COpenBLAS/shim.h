#pragma once
#include <cblas.h>
#ifndef OPENBLAS_CONST
#error "cblas.h is not OpenBLAS's: run ./setup.sh"
#endif
