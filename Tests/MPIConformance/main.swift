import Cluster
import Fabrics
import Foundation
import Kernel
import RankConformance

// Ranks of an MPI job that check what they get from each other; `fail RANK`: one that throws. Started by MPIFabricTests.

#if MPI
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    func expect(_ condition: Bool, _ what: String, line: Int = #line) throws {
        if !condition { throw Failure(description: "line \(line): \(what)") }
    }

    /// A rank's vector of whole numbers, so that no sum is rounded; every rank has other numbers.
    func vector(_ rank: Int, _ count: Int) -> ParameterVector {
        ParameterVector((0..<count).map { Float((rank + 1) * 100 + $0 % 97) })
    }

    func sum(_ ranks: Int, _ count: Int) -> [Float] {
        (0..<count).map { index in (0..<ranks).reduce(0) { $0 + Float(($1 + 1) * 100 + index % 97) } }
    }

    func checkCollectives(_ rank: any Rank, count: Int) async throws {
        let (index, ranks) = (rank.index, rank.count)
        let total = sum(ranks, count)
        let own = vector(index, count)
        try await rank.allReduce(own, .sum, purpose: .gradient)
        try expect(own.values == total, "all-reduce of \(count)")
        let mean = vector(index, count)
        try await rank.allReduce(mean, .mean, purpose: .gradient)
        // On one rank the mean is the vector itself; elsewhere it is the sum times 1/n, rounded once.
        try expect(mean.values == (ranks == 1 ? total : total.map { $0 * (1 / Float(ranks)) }), "mean of \(count)")
        let updated = ParameterVector(count: count)
        let half = count / 2
        let late = GradientBucket(range: 0..<max(half, 1), readyShare: 1)
        // A vector of one number cannot be sent in two buckets.
        let buckets = count == 1 ? [late] : [GradientBucket(range: half..<count, readyShare: 0.5), late]
        try await rank.allReduce(
            .sum, count: count, computing: .none, sending: buckets, purpose: .gradient,
            contribution: { target, progress in
                target.fill(with: .nan)
                let numbers = vector(index, count)
                target.copy(from: numbers, in: half..<count)
                if count > 1 { progress?(half) }
                target.copy(from: numbers, in: 0..<half)
                progress?(0)
            }, update: { sum, range in updated.copy(from: sum, in: range) })
        try expect(updated.values == total, "all-reduce of \(count) in buckets")
        let scattered = vector(index, count)
        let part = try await rank.reduceScatter(scattered, .sum, purpose: .gradient)
        try expect(part == (0..<count).part(index, of: ranks), "part of \(count)")
        try expect(Array(scattered.values[part]) == Array(total[part]), "reduce-scatter of \(count)")
        let gathered = try await rank.allGather(vector(index, count), purpose: .model)
        try expect(gathered.map(\.values) == (0..<ranks).map { vector($0, count).values }, "all-gather of \(count)")
        let exchanged = try await rank.allToAll(vector(index, count), purpose: .model)
        let expected = (0..<ranks).flatMap { Array(vector($0, count).values[part]) }
        try expect(exchanged.values == expected, "all-to-all of \(count)")
        for root in Set([0, ranks - 1]).sorted() {
            let copy = vector(index, count)
            try await rank.broadcast(copy, from: root, purpose: .model)
            try expect(copy.values == vector(root, count).values, "broadcast of \(count) from \(root)")
            let piece = vector(index, count)
            let range = try await rank.scatter(piece, from: root, purpose: .model)
            try expect(range == part, "part of a scatter of \(count)")
            var expected = vector(index, count).values
            expected[range] = vector(root, count).values[range]
            try expect(piece.values == expected, "scatter of \(count) from \(root)")
            let all = try await rank.gather(vector(index, count), to: root, purpose: .model)
            try expect(
                all.map { $0.map(\.values) } == (index == root ? (0..<ranks).map { vector($0, count).values } : nil),
                "gather of \(count) at \(root)")
        }
        try await rank.barrier()
    }

    func checkMessages(_ rank: any Rank) async throws {
        // Around the ring, several in flight, and to oneself.
        let (next, previous) = ((rank.index + 1) % rank.count, (rank.index + rank.count - 1) % rank.count)
        for count in [0, 1, 1000, 300_000] {
            let message = Message(
                vector(rank.index, count), weight: rank.index * 1000 + count, purpose: .model, direction: .uplink)
            try await rank.send(message, to: next)
        }
        for count in [0, 1, 1000, 300_000] {
            guard let message = try await rank.receive(from: previous) else { throw Failure(description: "no message") }
            try expect(message.vector.values == vector(previous, count).values, "message of \(count)")
            try expect(message.weight == previous * 1000 + count, "weight of \(count)")
            try expect(message.purpose == .model && message.direction == .uplink, "kind of \(count)")
        }
        // Nobody sends any more.
        if rank.index == 0, rank.count > 1 {
            let last = try await rank.receive(from: rank.count - 1)
            try expect(last == nil, "a message of an ended rank")
        }
    }

    func run() throws {
        let world = try MPIWorld.join()
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "fail" {
            let failing = arguments.dropFirst().first.flatMap { Int($0) }
            _ = try MPIFabric(world, ranks: world.count).run { rank in
                try await rank.barrier()
                if rank.index == failing { throw Failure(description: "something is wrong here") }
                try await rank.barrier()
            }
        }
        let report = try MPIFabric(world, ranks: world.count).run { rank in
            for count in [1, 7, 100, 5_001] { try await checkCollectives(rank, count: count) }
            if rank.count > 1 {
                let all = try await rank.exchange([Double(rank.index), 0.5])
                try expect(all == (0..<rank.count).map { [Double($0), 0.5] }, "exchange")
            }
            try await rank.offTheClock(showing: vector(rank.index, 5), chunks: 3) { _, shown in
                let isOwn = shown.map(\.vector.values) == (0..<rank.count).map { vector($0, 5).values }
                if !isOwn || rank.index != 0 { world.end(because: "other vectors are shown", exitCode: 1) }
            } finish: { _ in
            }
            try await checkMessages(rank)
        }
        // Two jobs in a row, the second with more ranks than processes.
        let many = try MPIFabric(world, ranks: 9).run { try await checkMessages($0) }
        if world.rank == 0 {
            // A message of 0, 1, 1,000 and 300,000 floats from each rank, 16 bytes around each.
            let bytes = 4 * 301_001 + 4 * 16
            let sent = many.ledger.entries.filter { $0.purpose == .model && $0.direction == .uplink }
            try expect(
                sent.count == 9 && sent.allSatisfy { $0.bytesSent == bytes && $0.bytesReceived == bytes }, "ledger")
            try expect(report.accounts.count == world.count && many.accounts.count == 9, "accounts")
            try expect(many.ledger.totalBytes == 9 * bytes, "total")
        }
        for conformance in Conformance.all where !conformance.hasCollectives || conformance.ranks == world.count {
            do {
                _ = try MPIFabric(world, ranks: conformance.ranks).run(conformance.program)
            } catch {
                throw Failure(description: "not so: \(conformance): \(error)")
            }
        }
        try world.barrier()
        if world.rank == 0 { print("conforms") }
        world.finish()
    }

    do {
        try run()
    } catch {
        guard let world = MPIWorld.current else { fatalError("\(error)") }
        world.end(because: "\(error)", exitCode: 1)
    }
#else
    print("built without MPI")
#endif
