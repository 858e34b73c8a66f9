import Dispatch
import Foundation

/// Ctrl-C and termination: runs the last words, then ends the process with the shell's code for the signal.
final class Interruption {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter lastWords: called once, on a thread of its own; returns a message for standard error.
    init(_ lastWords: @escaping @Sendable () -> String?) {
        let queue = DispatchQueue(label: "interruption")
        sources = [SIGINT, SIGTERM].map { number in
            // The source takes over from the default, which would end the process at once.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                let message = lastWords()
                printError("Stopped. " + (message ?? ""))
                // exit() would tear down libraries under threads that are still computing.
                _exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    func disarm() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
