/// What carries messages between ranks, as far as hosts and the environment tell, since MPI does not.
package struct MessageTransport: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    /// What else could be measured, and how; nil where there is nothing to say.
    package let hint: String?

    private static let both = """
        the other one: 'mpirun --mca btl tcp,self' (Open MPI) or 'MPIR_CVAR_NOLOCAL=1 mpirun' (MPICH) for TCP, none of \
        them for shared memory
        """

    /// - Parameters:
    ///   - hosts: the hosts of the ranks that exchange messages.
    ///   - environment: the environment of the process, in which mpirun leaves its `--mca` settings.
    package init(hosts: [String], environment: [String: String]) {
        let names = Set(hosts).sorted()
        let set = ["OMPI_MCA_pml", "OMPI_MCA_btl", "UCX_TLS", "MPIR_CVAR_NOLOCAL", "MPIR_CVAR_CH3_NOLOCAL"].compactMap {
            name in environment[name].map { "\(name)=\($0)" }
        }
        let settings = set.isEmpty ? "" : " (\(set.joined(separator: ", ")))"
        let btl = environment["OMPI_MCA_btl"]?.split(separator: ",").map(String.init) ?? []
        let isTCP =
            btl.contains("tcp") && !btl.contains { ["vader", "sm"].contains($0) }
            || ["MPIR_CVAR_NOLOCAL", "MPIR_CVAR_CH3_NOLOCAL"].contains { environment[$0].map { $0 != "0" } ?? false }
        if names.count > 1 {
            description = "between \(names.count) hosts, by \(isTCP ? "TCP" : "what MPI chose")\(settings)"
            hint = nil
        } else if isTCP {
            description = "within one host, by TCP\(settings)"
            hint = Self.both
        } else {
            description = "within one host, by what MPI chose, as a rule shared memory\(settings)"
            hint = Self.both
        }
    }
}
