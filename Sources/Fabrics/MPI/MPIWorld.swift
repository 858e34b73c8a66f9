#if MPI
    import CMPI
    import Foundation
    import Host
    import Locking

    /// The processes of an MPI job, of which this is one.
    ///
    /// All methods are to be called on the thread that started it; only ``end(because:exitCode:)`` may be called on
    /// any.
    package final class MPIWorld: Sendable {
        private static let started = Result { try MPIWorld() }

        /// The job that this process belongs to, which the first call makes it join: those that mpirun or srun started
        /// together, or itself alone.
        /// - Throws: ``FabricError/mpi(_:)``
        package static func join() throws -> MPIWorld { try started.get() }

        /// The job, if it was joined and has not ended.
        package static var current: MPIWorld? { cmpi_is_running() ? try? started.get() : nil }

        /// The number of this process, in 0..<count.
        package let rank: Int
        package let count: Int
        package let host: String
        /// Name and version of the MPI library.
        package let library: String
        let watchdog = MPIWatchdog()
        private let lastWords = Guarded<@Sendable () -> Void>({})

        /// How long a process waits for all others to start MPI too.
        private static let startPatience = Guarded(120.0)

        /// How long this process waits in its first ``join()``, which returns when all have made theirs: one that ends
        /// before it, or is no part of the job, would let the others wait for ever.
        package static func setStartPatience(seconds: Double) { startPatience.withLock { $0 = seconds } }

        /// Joins within a time, or does something else that ends this process.
        package static func join(within seconds: Double, orElse giveUp: @escaping @Sendable () -> Never) throws
            -> MPIWorld
        {
            let limit = StartLimit(seconds: seconds, giveUp)
            defer { limit.end() }
            return try join()
        }

        private init() throws {
            let patience = Self.startPatience.withLock { $0 }
            let limit = StartLimit(seconds: patience) {
                let message = """
                    Error: has waited \(patience) s for all processes of the job to start MPI: another one has ended, or was \
                    started for something else, or it takes longer than that (see --patience)\n
                    """
                FileHandle.standardError.write(Data(message.utf8))
                _exit(1)
            }
            defer { limit.end() }
            let code = cmpi_init()
            guard code == 0 else { throw FabricError.mpi("MPI did not start: \(Self.text(of: code))") }
            rank = Int(cmpi_rank())
            count = Int(cmpi_size())
            host = Self.text { cmpi_processor_name($0, $1) }
            // Open MPI's goes on with its package and revision.
            let version = Self.text { cmpi_library_version($0, $1) }
            library = String(version.prefix { $0 != "," && $0 != "\n" })
            try watchdog.start(ending: self)
        }

        /// Whether this process reports and writes files.
        package var isReporter: Bool { rank == 0 }
        /// `rank 3 of 4 on node7`
        package var name: String { "rank \(rank) of \(count) on \(host)" }

        /// How long a process waits for others before it takes them for lost and ends the job.
        package func setPatience(seconds: Double) { watchdog.setPatience(seconds) }

        /// What is to be done, such as writing what is finished, before this process ends the job.
        package func setLastWords(_ words: @escaping @Sendable () -> Void) { lastWords.withLock { $0 = words } }

        // MARK: The end

        /// Leaves the job, as all its processes have to.
        package func finish() { if cmpi_is_running() { try? check("ending MPI") { cmpi_finalize() } } }

        /// Says why, and ends all processes of the job: at once, wherever they are.
        package func end(because message: String, exitCode: Int32) -> Never {
            // What all processes find wrong is said once, by the one that reports.
            if !isReporter { Thread.sleep(forTimeInterval: Self.precedenceSeconds) }
            Self.say("Error: \(name): \(message)")
            lastWords.withLock { $0 }()
            // A library that has lost a host may not come back from this.
            do { try HostThread.start(named: "abort") { cmpi_abort(exitCode) } } catch { cmpi_abort(exitCode) }
            Thread.sleep(forTimeInterval: Self.abortSeconds)
            _exit(exitCode)
        }

        /// Writes a line to standard error, which may be gone.
        private static func say(_ text: String) {
            var text = text + "\n"
            text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }

        private static let precedenceSeconds = 0.5
        private static let abortSeconds = 5.0

        // MARK: Calls

        /// Makes an MPI call that may wait for other processes.
        ///
        /// - Parameter what: for messages, such as "sending to rank 2".
        /// - Throws: ``FabricError/mpi(_:)``
        func check(_ what: @autoclosure @escaping @Sendable () -> String, _ call: () -> Int32) throws {
            watchdog.begin(what)
            let code = call()
            watchdog.end()
            try require(code, what())
        }

        /// Checks the result of an MPI call that does not wait; the watchdog goes on watching the call that it watches.
        func require(_ code: Int32, _ what: @autoclosure () -> String) throws {
            if code != 0 { throw FabricError.mpi("\(what()): \(Self.text(of: code))") }
        }

        package func barrier() throws { try check("waiting for all ranks") { cmpi_barrier() } }

        /// Waits for all processes without keeping a core busy, as where one of them works for all.
        func meet(_ what: @autoclosure @escaping @Sendable () -> String) throws {
            var request = cmpi_request()
            var isOver = false
            try check(what()) {
                var code = cmpi_start_barrier(&request)
                while code == 0 {
                    code = cmpi_test(&request, &isOver)
                    if isOver { break }
                    Thread.sleep(forTimeInterval: 100e-6)
                }
                return code
            }
        }

        /// All processes' numbers, in the order of ranks, on all.
        package func allGather(_ numbers: [Double]) throws -> [[Double]] {
            var lengths = [Int64](repeating: 0, count: count)
            try check("exchanging lengths") { cmpi_all_gather_count(Int64(numbers.count), &lengths) }
            let counts = lengths.map(Int32.init)
            var offsets: [Int32] = []
            var total = 0
            for length in counts {
                offsets.append(Int32(total))
                total += Int(length)
            }
            var all = [Double](repeating: 0, count: total)
            try check("exchanging numbers") {
                cmpi_all_gather_doubles(numbers, Int32(numbers.count), &all, counts, offsets)
            }
            return (0..<count).map { Array(all[Int(offsets[$0])..<Int(offsets[$0]) + Int(counts[$0])]) }
        }

        /// The root's bytes, on all processes.
        package func broadcast(_ bytes: Data, from root: Int = 0) throws -> Data {
            let length = try allGather([Double(bytes.count)])[root][0]
            var bytes = rank == root ? bytes : Data(count: Int(length))
            try bytes.withUnsafeMutableBytes { buffer in
                // A pointer to nothing is allowed where nothing is sent.
                let base = buffer.baseAddress
                try check("broadcasting \(Int(length)) bytes") {
                    cmpi_broadcast_bytes(base, Int32(length), Int32(root))
                }
            }
            return bytes
        }

        /// The bytes of all processes, a few kilobytes each, in the order of ranks, on all.
        package func allGather(_ bytes: Data) throws -> [Data] {
            try allGather(bytes.map(Double.init)).map { Data($0.map { UInt8($0) }) }
        }

        /// The hosts of all processes, in the order of ranks.
        package func hostsOfAll() throws -> [String] {
            try allGather(Data(host.utf8)).map { String(decoding: $0, as: UTF8.self) }
        }

        private static func text(of code: Int32) -> String { text { cmpi_error_text(code, $0, $1) } }

        private static func text(_ write: (UnsafeMutablePointer<CChar>, Int32) -> Void) -> String {
            let capacity = 8192
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
                guard let base = buffer.baseAddress else { return "" }
                write(base, Int32(capacity))
                return String(cString: base)
            }
        }
    }
#endif
