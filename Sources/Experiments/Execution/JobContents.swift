import Datasets
import Fabrics
import Foundation
import Kernel
import Tasks

/// What the processes of an MPI job must have alike besides their options, since each reads its own files: the data,
/// and the parameters that training starts from. Processes that differ would silently train a model that fits no data.
package struct JobContents: Hashable, Codable, Sendable {
    /// Something that all ranks must have alike, and a value that distinguishes it from others of its kind.
    package struct Item: Hashable, Codable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package var host: String
    package var items: [Item]

    package init(host: String, items: [Item]) { (self.host, self.items) = (host, items) }

    init(host: String, _ split: TrainTestSplit, start: ParameterVector) {
        self.init(
            host: host,
            items: [
                Item("data", split.identity.words),
                Item("initial parameters", "\(start.count) numbers, fingerprint \(start.fingerprint.text)"),
            ])
    }

    /// How the first process that differs from rank 0 does so; nil where all are alike.
    ///
    /// - Parameter all: the contents of each rank.
    package static func difference(_ all: [Self]) -> String? {
        for (rank, other) in all.enumerated().dropFirst() {
            for (own, found) in zip(all[0].items, other.items) where own != found {
                return """
                    rank \(rank) of \(all.count) on \(other.host) has other \(found.name) than rank 0 on \(all[0].host): \
                    \(found.value), and rank 0 \(own.value); all processes of a job must read the same files
                    """
            }
        }
        return nil
    }

    /// Compares the contents among all processes of the job, each of which calls this.
    ///
    /// - Throws: ``ExperimentError`` on all processes where one differs, naming its rank.
    static func agree(_ split: TrainTestSplit, start: ParameterVector) throws {
        #if MPI
            let world = try MPIWorld.join()
            guard world.count > 1 else { return }
            let own = JobContents(host: world.host, split, start: start)
            let all = try world.allGather(JSONEncoder().encode(own)).map {
                try JSONDecoder().decode(Self.self, from: $0)
            }
            if let difference = difference(all) { throw ExperimentError(difference) }
        #else
            throw ExperimentError(StrategyPlan.mpiIsMissing)
        #endif
    }
}
