public import Randomness

/// Every client has all samples of some users and of no others, as data lie where people made them: with as many clients as
/// users, client k has those of user k, and with fewer the users are dealt out one by one. (LEAF, Caldas et al. 2018.)
public struct NaturalPartitioner: Partitioner {
    static let entry = PartitionerDescription(
        name: "natural",
        summary: "all samples of one or more users a client, where data know their users; natural:8 is for 8 clients",
        parameter: nil, make: { _ in nil },
        parse: { parameter throws(DataError) in try NaturalPartitioner(parsing: parameter) })

    /// How many groups of users there are to be; nil for as many as there are clients.
    let groups: Int?

    /// - Parameter groups: how many groups of users there are to be; nil for as many as there are clients.
    public init(groups: Int? = nil) { self.groups = groups }

    init(parsing parameter: String?) throws(DataError) {
        guard let parameter else {
            self.init()
            return
        }
        guard let groups = Int(parameter), groups > 0 else {
            throw DataError(
                "'natural:\(parameter)': the number of clients that users are grouped into is at least 1; "
                    + "write it as natural or natural:8")
        }
        self.init(groups: groups)
    }

    public var description: String { groups.map { "natural:\($0)" } ?? "natural" }

    public func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        throw DataError(
            "partition '\(description)': the data do not say whose samples they are; allowed are tasks that do, such as "
                + "vowels-softmax, or a task file with users:")
    }

    public func partition(
        _ order: [Int32], of data: Dataset, among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        guard let users = data.users else {
            return try partition(order, labels: data.labels, among: clients, using: &stream)
        }
        if let groups, groups != clients {
            throw DataError(
                "partition '\(description)' makes \(groups) clients of \(Set(users).count) users, and there are \(clients) "
                    + "clients; write natural:\(clients), or have \(groups) clients (--clients or --workers)")
        }
        var samples: [UInt16: [Int32]] = [:]
        // In the order in which each has its first sample, which is random where samples are shuffled.
        var found: [UInt16] = []
        for sample in order {
            let user = users[Int(sample)]
            if samples[user] == nil { found.append(user) }
            samples[user, default: []].append(sample)
        }
        guard clients > 0, clients <= found.count else {
            throw DataError(
                "partition '\(description)': \(clients) clients and \(found.count) users with samples to train on, none of whom "
                    + "can be cut in two; allowed are 1 to \(found.count) clients (--clients or --workers)")
        }
        if clients == found.count { found.sort() }
        var shards = [[Int32]](repeating: [], count: clients)
        for (place, user) in found.enumerated() { shards[place % clients] += samples[user] ?? [] }
        return shards
    }
}
