#pragma once

/// Names the calling thread for debuggers and `top`, by as much of the name as the system keeps.
void process_name_thread(const char *name);

/// The processors that this process is bound to; 0 where the system does not tell.
int process_bound_cores(void);

/// Has the numbered signals written to a pipe in place of their effects, but for those that the process was started to
/// ignore, as `nohup` does with SIGHUP; a shell's background jobs ignore those of the keyboard, which are watched all the same.
///
/// - Returns: where to read them, one byte each; -1 with `errno` where there is no pipe to be had. One watch at a time.
int process_watch_signals(const int *signals, int count);

/// Gives the signals their usual effects again, and writes a 0 to the pipe.
void process_end_watch(void);
