package import Datasets
package import Randomness

extension TrainingConfiguration {
    /// Which nodes of a community take part, where not all of them do.
    public struct Members: Hashable, Codable, Sendable {
        /// The community's nodes that take part, ascending: the run's nodes in the order of their ranks.
        public let nodes: [Int]
        /// How many nodes the community has.
        public let of: Int

        package init(nodes: [Int], of all: Int) {
            precondition(nodes.allSatisfy((0..<all).contains), "members \(nodes) of \(all)")
            (self.nodes, self.of) = (nodes, all)
        }
    }
}

extension TrainTestSplit {
    /// What each node of a run trains on and is judged by: those that the configuration names of a community, or all.
    ///
    /// - Throws: ``DataError`` for an unknown rule, or where it does not fit the data or the nodes.
    package func nodeObjectives(
        of configuration: TrainingConfiguration, partition: String, among nodes: Int, seeds: SeedSequence,
        shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        let members = configuration.members
        precondition(members.map { $0.nodes.count == nodes } ?? true, "other members than \(nodes) nodes")
        let all = try nodeObjectives(
            configuration.objectives, partition: partition, among: members?.of ?? nodes, seeds: seeds,
            shuffles: shuffles)
        return members.map { $0.nodes.map { all[$0] } } ?? all
    }
}
