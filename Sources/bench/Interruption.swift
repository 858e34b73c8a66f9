import CProcess
import Foundation
import Host

/// Ctrl-C, termination, a terminal that goes away, a limit of processor time, and what schedulers send before one ends a job: runs the last words, then ends the process
/// with the shell's code for the signal.
///
/// A thread of its own waits for signals, so that they are handled whatever other threads wait for.
final class Interruption {
    static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM]
    private let descriptor: Int32

    /// - Parameter lastWords: called once, on the thread for signals; returns a message for standard error, or nil
    ///   for none.
    /// - Throws: ``HostError`` where the system cannot give a thread or a pipe.
    init(_ lastWords: @escaping @Sendable () -> String?) throws(HostError) {
        let descriptor = process_watch_signals(Self.signals, Int32(Self.signals.count))
        guard descriptor >= 0 else {
            throw HostError("signals cannot be watched: \(String(cString: strerror(errno)))")
        }
        self.descriptor = descriptor
        do throws(HostError) {
            try HostThread.start(named: "signals") {
                var number: UInt8 = 0
                while read(descriptor, &number, 1) < 0, errno == EINTR {}
                guard number > 0 else { return }
                let message = lastWords()
                printError("Stopped. " + (message ?? ""))
                // exit() would tear down libraries under threads that are still computing.
                _exit(128 + Int32(number))
            }
        } catch {
            process_end_watch()
            throw error
        }
    }

    /// Gives signals their usual effects again.
    func disarm() { process_end_watch() }
}

/// How the whole program treats signals and descriptors that could end it in the middle of a write.
enum ProcessSetup {
    static func run() {
        Limits.openStandardDescriptors()
        // Writes report these conditions themselves: a reader that has gone, and a limit on the size of files.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        unblockSignals()
    }

    /// A process inherits the signals that are blocked. A parent that waits for signals blocks most of them, and then
    /// only SIGKILL would end this program.
    private static func unblockSignals() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in Interruption.signals { sigaddset(&signals, number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
