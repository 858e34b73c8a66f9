import Cluster
import Fabrics
import RankConformance
import Testing

/// The programs that all fabrics carry out alike, on those that can run here; `mpi-conformance` runs them among processes.
@Suite(.timeLimit(.minutes(60))) struct ConformanceTests {
    @Test(arguments: FabricKind.allCases, Conformance.all)
    func ranksGetWhatTheyHaveTo(kind: FabricKind, conformance: Conformance) throws {
        try run(try kind.fabric(conformance.ranks), conformance.program)
    }
}
