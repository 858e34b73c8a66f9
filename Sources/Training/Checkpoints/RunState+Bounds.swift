import Cluster
import Fabrics

/// Checks of a state of the right form that somebody may have edited.
extension RunState {
    /// What no run of the strategy could have left, with what is allowed; nil where one could.
    ///
    /// - Parameters:
    ///   - declared: what the strategy keeps.
    ///   - ranks: of the strategy.
    ///   - isMeasured: whether the run goes on where it was, and is not played again from its beginning.
    package func problem(declared: [StateDeclaration], ranks: Int, isMeasured: Bool) -> String? {
        let counts =
            [position.round, position.samples, lossSamples, bytesSent] + trainedSamples
            + (evaluations + nodes.flatMap(\.evaluations)).flatMap {
                [$0.round, $0.samples, $0.bytesSent]
            }
        if let count = counts.first(where: { !(0...Self.largestCount).contains($0) }) {
            return "a count of \(count); allowed is 0 to \(Self.largestCount)"
        }
        let times =
            [hostSeconds, VirtualTime(nanoseconds: clusterNanoseconds).seconds] + evaluations.map(\.clusterSeconds)
            + nodes.flatMap { $0.evaluations.map(\.clusterSeconds) }
        if let time = times.first(where: { !(0...VirtualTime.longestSeconds).contains($0) }) {
            return "a time of \(time) s; allowed is 0 to \(VirtualTime.longestSeconds)"
        }
        if let rank = (Array(nodeLosses.keys) + Array(nodeNotes.keys) + Array(nodeModels.keys)).first(where: {
            !(0..<ranks).contains($0)
        }) {
            return "what a node left of rank \(rank); allowed are those of \(ranks)"
        }
        let samples = nodeLosses.values.joined()
        if let number = samples.first(where: { abs($0) > Double(Self.largestCount) }) {
            return "a loss or a count of samples of \(number); allowed is up to \(Self.largestCount)"
        }
        if let rank = nodes.map(\.rank).first(where: { !(0..<ranks).contains($0) }) {
            return "a node of rank \(rank); allowed are those of \(ranks)"
        }
        guard nodes.map(\.rank) == nodes.indices.map({ ranks - nodes.count + $0 }) else {
            return "\(nodes.count) nodes that are not the last of \(ranks) ranks"
        }
        guard trainedSamples.isEmpty || trainedSamples.count == ranks else {
            return "trained samples of \(trainedSamples.count) ranks; allowed are those of \(ranks)"
        }
        if let problem = values.problem(declared, ranks: ranks, largestCount: Self.largestCount) {
            return problem
        }
        guard let fabric else { return isMeasured ? "no times of a run that was measured" : nil }
        return fabric.problem(ranks: ranks)
    }

    /// Counts up to here are exact as floating-point numbers.
    private static let largestCount = 1 << 50
}

extension FabricSnapshot {
    fileprivate func problem(ranks: Int) -> String? {
        guard accounts.count == ranks else {
            return "accounts of \(accounts.count) ranks; allowed are those of \(ranks)"
        }
        let times =
            [seconds]
            + accounts.flatMap {
                [$0.computeSeconds, $0.communicationSeconds, $0.hiddenCommunicationSeconds, $0.waitingSeconds]
            }
        // Differences of a measured clock may lie a little below 0.
        if let time = times.first(where: { !(abs($0) <= VirtualTime.longestSeconds) }) {
            return "a time of \(time) s; allowed is up to \(VirtualTime.longestSeconds)"
        }
        if let rank = traffic.map(\.rank).first(where: { !(0..<ranks).contains($0) }) {
            return "traffic of rank \(rank); allowed are those of \(ranks)"
        }
        let counts = traffic.flatMap { [$0.bytesSent, $0.messagesSent, $0.bytesReceived, $0.messagesReceived] }
        return counts.allSatisfy { $0 >= 0 } ? nil : "negative traffic; allowed is 0 or more"
    }
}
