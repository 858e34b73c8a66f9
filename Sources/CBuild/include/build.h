#pragma once

/// The commit that the program was built from, with `+changes` where files differed from it, or `unknown`.
const char *build_commit(void);

/// What the plugin RecordCommit has written into the target RecordedCommit. Called in C, so that nothing but that target is
/// compiled when the commit changes.
const char *recorded_commit(void);
