import CBuild
import Diagnostics
import Foundation
internal import Host
import Kernel

/// The machine and the build that made a result.
public struct MachineDescription: Hashable, Codable, Sendable {
    /// The command line.
    public var command: String
    /// When the run began (ISO 8601).
    public var date: String
    /// The commit that the program was built from, with `+changes` where files differed from it, or `unknown`.
    public var commit: String
    /// The operating system's name and version.
    public var system: String
    /// The processor's name, as the system gives it.
    public var processor: String
    /// Identifies the machine since its last start: two results with the same text are of the same machine. Nil where
    /// it is not known.
    public var boot: String?
    /// How many cores the process may use.
    public var cores: Int
    /// Bytes of the machine's memory.
    public var memoryBytes: UInt64
    /// The compiler's version.
    public var toolchain: String
    /// `debug` or `release`.
    public var buildMode: String
    /// The version of OpenBLAS and what it chose for the processor.
    public var blas: String
    /// The MPI job; nil for runs without one.
    public var mpi: MPIDescription?

    /// An MPI job as process 0 sees it.
    public struct MPIDescription: Hashable, Codable, Sendable {
        /// Name and version of the MPI library.
        public var library: String
        /// The host of each process, in the order of ranks.
        public var hosts: [String]

        package init(library: String, hosts: [String]) {
            (self.library, self.hosts) = (library, hosts)
        }
    }

    package init(
        command: String, date: String, commit: String, system: String, processor: String, boot: String?, cores: Int,
        memoryBytes: UInt64, toolchain: String, buildMode: String, blas: String, mpi: MPIDescription? = nil
    ) {
        self.command = command
        self.date = date
        self.commit = commit
        self.system = system
        self.processor = processor
        self.boot = boot
        self.cores = cores
        self.memoryBytes = memoryBytes
        self.toolchain = toolchain
        self.buildMode = buildMode
        self.blas = blas
        self.mpi = mpi
    }

    /// A description of this machine and build, now.
    public static func current(arguments: [String]) -> MachineDescription {
        let process = ProcessInfo.processInfo
        let program = arguments.first.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "bench"
        return MachineDescription(
            command: ShellText.command([program] + arguments.dropFirst()),
            date: ISO8601DateFormatter().string(from: Date()), commit: String(cString: build_commit()),
            system: process.operatingSystemVersionString, processor: processorName(),
            boot: bootIdentity(), cores: UsableCores.count, memoryBytes: process.physicalMemory,
            toolchain: toolchain,
            buildMode: buildMode,
            blas: BLAS.configuration + (SmallProducts.isWide ? "; small products with AVX-512" : ""))
    }

    private static var toolchain: String {
        #if compiler(>=6.4)
            "Swift 6.4 or later"
        #elseif compiler(>=6.3)
            "Swift 6.3"
        #else
            "Swift 6.2"
        #endif
    }

    private static var buildMode: String {
        #if DEBUG
            "debug (kernel, fabrics and strategies optimised)"
        #else
            "release"
        #endif
    }

    private static func processorName() -> String {
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)).flatMap(processorName) ?? "unknown"
    }

    /// The name with family and model, since virtual machines often show one name for many generations.
    ///
    /// - Parameter info: the text of Linux's `/proc/cpuinfo`.
    static func processorName(_ info: String) -> String? {
        func value(_ key: String) -> String? {
            info.split(separator: "\n").first { $0.prefix { $0 != ":" && $0 != "\t" } == key }?
                .drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)
        }
        guard let name = value("model name") else { return nil }
        guard let family = value("cpu family"), let model = value("model") else { return name }
        return "\(name) (family \(family), model \(model))"
    }

    private static func bootIdentity() -> String? {
        guard let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) else {
            return nil
        }
        // The first group of digits is enough to tell starts apart, and reveals no more than needed.
        return String(text.prefix { $0 != "-" })
    }
}
