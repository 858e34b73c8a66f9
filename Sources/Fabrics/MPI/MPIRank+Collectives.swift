#if MPI
    import CMPI
    import Cluster
    import Kernel

    extension MPIRank {
        /// Parts of a vector, one for each rank.
        private struct Parts {
            let counts: [Int32]
            let offsets: [Int32]

            init(_ elements: Int, ranks: Int) {
                let ranges = (0..<ranks).map { (0..<elements).part($0, of: ranks) }
                counts = ranges.map { Int32($0.count) }
                offsets = ranges.map { Int32($0.lowerBound) }
            }
        }

        func collective(
            _ kind: CollectiveKind, _ vector: ParameterVector?, purpose: TrafficPurpose
        ) async throws -> CollectiveResult {
            try requireOwnProcess("\(kind.name.hasPrefix("a") ? "an" : "a") \(kind.name)")
            guard let vector else {
                try communicate { try job.world.barrier() }
                return CollectiveResult(part: 0..<0)
            }
            let part = (0..<vector.count).part(index, of: count)
            switch kind {
            case .barrier, .meeting: try communicate { try job.world.barrier() }
            case .allReduce(let reduction):
                try await allReduce(AllReduceRequest(vector, reduction, purpose: purpose))
            case .reduceScatter(let reduction): try reduceScatter(vector, part, reduction, purpose)
            case .allGather:
                let (elements, all) = (vector.count, ParameterVector(count: vector.count * count))
                try communicate { try gatherAll(vector, into: all) }
                charge(sent: elements, received: elements * (count - 1), sentByAll: elements * count, purpose)
                return CollectiveResult(all.split(into: count), part: part)
            case .allToAll: return CollectiveResult([try allToAll(vector, part, purpose)], part: part)
            case .scatter(let root): try scatter(vector, part, from: root, purpose)
            case .broadcast(let root): try broadcast(vector, from: root, purpose)
            case .gather(let root):
                return CollectiveResult(try gather(vector, to: root, purpose) ?? [], part: part)
            }
            return CollectiveResult(part: part)
        }

        private func reduceScatter(
            _ vector: ParameterVector, _ part: Range<Int>, _ reduction: Reduction, _ purpose: TrafficPurpose
        ) throws {
            let sum = ParameterVector(count: part.count)
            let (parts, numbers, target) = (Parts(vector.count, ranks: count), vector.storage, sum.storage)
            try communicate {
                try job.world.check("in a reduce-scatter") { cmpi_reduce_scatter(numbers, target, parts.counts) }
                sum.scale(by: reduction.scale(ranks: count))
                (numbers + part.lowerBound).update(from: target, count: part.count)
            }
            charge(sent: vector.count, received: part.count, sentByAll: vector.count * count, purpose)
        }

        /// Puts all ranks' vectors one behind the other, in the order of ranks; charged to nobody.
        func gatherAll(_ vector: ParameterVector, into all: ParameterVector) throws {
            let (numbers, target, elements) = (vector.storage, all.storage, vector.count)
            try job.world.check("in an all-gather") { cmpi_all_gather(numbers, Int32(elements), target) }
        }

        private func allToAll(
            _ vector: ParameterVector, _ part: Range<Int>, _ purpose: TrafficPurpose
        ) throws -> ParameterVector {
            let result = ParameterVector(count: part.count * count)
            let (parts, numbers, target) = (Parts(vector.count, ranks: count), vector.storage, result.storage)
            let counts = [Int32](repeating: Int32(part.count), count: count)
            let offsets = (0..<count).map { Int32($0 * part.count) }
            try communicate {
                try job.world.check("in an all-to-all") {
                    cmpi_all_to_all(numbers, parts.counts, parts.offsets, target, counts, offsets)
                }
            }
            charge(sent: vector.count, received: result.count, sentByAll: vector.count * count, purpose)
            return result
        }

        private func scatter(
            _ vector: ParameterVector, _ part: Range<Int>, from root: Int, _ purpose: TrafficPurpose
        ) throws {
            let received = ParameterVector(count: part.count)
            let (parts, numbers, target) = (Parts(vector.count, ranks: count), vector.storage, received.storage)
            try communicate {
                try job.world.check("in a scatter of rank \(root)") {
                    cmpi_scatter(numbers, parts.counts, parts.offsets, target, Int32(part.count), Int32(root))
                }
                (numbers + part.lowerBound).update(from: target, count: part.count)
            }
            chargeRooted(root, elements: vector.count, received: part.count, purpose)
        }

        private func broadcast(_ vector: ParameterVector, from root: Int, _ purpose: TrafficPurpose) throws {
            let (numbers, elements) = (vector.storage, vector.count)
            try communicate {
                try job.world.check("in a broadcast of rank \(root)") {
                    cmpi_broadcast(numbers, Int32(elements), Int32(root))
                }
            }
            chargeRooted(root, elements: elements, received: elements, purpose)
        }

        /// What a root sends to all: it hands its vector over once.
        private func chargeRooted(_ root: Int, elements: Int, received: Int, _ purpose: TrafficPurpose) {
            charge(
                sent: index == root ? elements : 0, received: index == root ? 0 : received, sentByAll: elements, purpose
            )
        }

        private func gather(
            _ vector: ParameterVector, to root: Int, _ purpose: TrafficPurpose
        ) throws -> [ParameterVector]? {
            let all = ParameterVector(count: index == root ? vector.count * count : 0)
            let (numbers, target, elements) = (vector.storage, all.storage, vector.count)
            try communicate {
                try job.world.check("in a gather of rank \(root)") {
                    cmpi_gather(numbers, Int32(elements), target, Int32(root))
                }
            }
            charge(
                sent: index == root ? 0 : elements, received: index == root ? elements * (count - 1) : 0,
                sentByAll: elements * (count - 1), purpose)
            return index == root ? all.split(into: count) : nil
        }
    }

    extension ParameterVector {
        /// Copies of `parts` consecutive parts of the same length.
        func split(into parts: Int) -> [ParameterVector] {
            (0..<parts).map { part in
                let vector = ParameterVector(count: count / parts)
                vector.storage.update(from: numbers + part * vector.count, count: vector.count)
                return vector
            }
        }
    }
#endif
