#include "build.h"

const char *build_commit(void) { return recorded_commit(); }
