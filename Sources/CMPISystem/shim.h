#pragma once
// Only the flags of MPI's headers and libraries come by this module: mpi.h is full of macros, which Swift does not
// import, so it is included in CMPI alone.
