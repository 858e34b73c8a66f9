internal import CProcess
internal import Foundation

/// The cores that this process may use: those it is bound to, as by `taskset`, Slurm or mpirun, and no more than its control
/// groups' quotas of processor time pay for, as in containers.
package enum UsableCores {
    /// Asked once, before threads bind themselves.
    package static let count = count(bound: boundCores, quota: ControlGroups.current.cores)

    /// - Parameters:
    ///   - bound: cores that the process is bound to.
    ///   - quota: cores' worth of processor time; nil for no limit.
    package static func count(bound: Int, quota: Double?) -> Int {
        // A fraction of a core carries no worker: those on whole cores would wait for it.
        max(1, min(bound, quota.map { Int(min($0, Double(bound))) } ?? bound))
    }

    private static var boundCores: Int {
        let count = Int(process_bound_cores())
        if count > 0 { return count }
        return ProcessInfo.processInfo.activeProcessorCount
    }
}

/// The memory that this process may use: no more than the machine has, its control groups allow, and its limit of address
/// space (`ulimit -v`) has room for.
package enum UsableMemory {
    package static let bytes = bytes(
        physical: ProcessInfo.processInfo.physicalMemory, group: ControlGroups.current.memoryBytes,
        addressSpace: AddressSpace.limitBytes)

    package static func bytes(physical: UInt64, group: UInt64?, addressSpace: UInt64?) -> UInt64 {
        [physical, group ?? physical, addressSpace ?? physical].min() ?? physical
    }
}

package enum AddressSpace {
    /// The limit of address space, in bytes; nil for none.
    package static var limitBytes: UInt64? {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(UInt32(RLIMIT_AS.rawValue))
        #else
            let resource = RLIMIT_AS
        #endif
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < UInt64(Int64.max) else { return nil }
        return UInt64(limit.rlim_cur)
    }

    /// Bytes of address space that the process has mapped by now; nil where the system does not tell.
    package static var usedBytes: UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").first.flatMap({ UInt64($0) })
        else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
