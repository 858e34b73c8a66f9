import Cluster
import Fabrics
import Kernel

/// A strategy's schedule for a model of any size, derived from the schedules that its own code produces for three small
/// models.
///
/// What a rank does, in which order and with whom, does not depend on how many numbers a vector has; the number of
/// bytes that it sends grows by a fixed amount with each number of the model. Two sizes determine that amount for every
/// operation, and the third one is a check: if an operation does not grow in this way, there is no lifted schedule.
/// Vectors of the priced model's size are never created.
struct LiftedSchedule {
    /// The recorded schedules, each with its P (the model's number of parameters), ascending.
    let recordings: [(parameters: Int, schedule: Schedule)]
    /// P of the model that is priced.
    let parameters: Int
    let bytesPerNumber: Int
    /// The first recording with two batches for each client instead of one; nil where all batches are recorded.
    var withTwoBatches: Schedule?
    /// How many batches a client has, where only one was recorded.
    var batches = 1

    /// A count that grows by a fixed amount with each parameter.
    private struct Growth {
        let constant: Double
        let perParameter: Double

        /// - Returns: nil where the third value differs by more than rounding from the line through the first two.
        init?(_ values: [Double], at parameters: [Double], rounding: Double) {
            perParameter = (values[1] - values[0]) / (parameters[1] - parameters[0])
            constant = values[0] - perParameter * parameters[0]
            guard abs(constant + perParameter * parameters[2] - values[2]) <= rounding else { return nil }
        }

        func value(at parameters: Int) -> Double { constant + perParameter * Double(parameters) }
    }

    /// How many 32-bit numbers have as many bytes as numbers of the profile's size, rounded up to four bytes.
    static func wireElements(_ numbers: Int, bytesPerNumber: Int) -> Int {
        (numbers * bytesPerNumber + MemoryLayout<Float>.size - 1) / MemoryLayout<Float>.size
    }

    /// - Throws: ``PricingError`` where operations depend on the model's size in another way.
    func lifted() throws(PricingError) -> Schedule {
        let schedules = recordings.map(\.schedule) + (withTwoBatches.map { [$0] } ?? [])
        let first = schedules[0]
        var (operations, indices): ([Operation], [Operation: UInt32]) = ([], [:])
        var known: [[UInt32]: UInt32] = [:]
        var (programs, positions): ([[UInt32]], [[Int]: Int]) = ([], [:])
        var ofRank: [Int] = []
        for rank in 0..<first.ranks {
            let places = schedules.map { $0.programOfRank[rank] }
            if let position = positions[places] {
                ofRank.append(position)
                continue
            }
            let own = zip(schedules, places).map { $0.programs[$1] }
            guard own.allSatisfy({ $0.count == own[0].count }) else { throw Self.differs }
            var program: [UInt32] = []
            program.reserveCapacity(own[0].count)
            for step in own[0].indices {
                let key = own.map { $0[step] }
                if let index = known[key] {
                    program.append(index)
                    continue
                }
                let operation = try lifted(zip(schedules, key).map { $0.operations[Int($1)] })
                let index = indices[operation] ?? UInt32(operations.count)
                if index == operations.count { operations.append(operation) }
                (indices[operation], known[key]) = (index, index)
                program.append(index)
            }
            positions[places] = programs.count
            ofRank.append(programs.count)
            programs.append(program)
        }
        return Schedule(operations: operations, programs: programs, programOfRank: ofRank)
    }

    private static let differs = PricingError(
        "what is sent depends on the model's numbers, of which a profile knows nothing; allowed are strategies that send as much whatever they are"
    )

    private func lifted(_ same: [Operation]) throws(PricingError) -> Operation {
        if same.count == 4 { return try lifted(Array(same[..<3]), withTwoBatches: same[3]) }
        if same[0] == same[1], same[1] == same[2] { return same[0] }
        var sizes: [Int] = []
        var works: [ComputeWork] = []
        for operation in same {
            switch operation {
            case .compute(let work): works.append(work)
            case .send(_, let bytes, _, _), .post(_, let bytes, _, _): sizes.append(bytes)
            case .collective(_, let elements, _): sizes.append(elements)
            default: throw Self.differs
            }
        }
        if works.count == same.count { return .compute(try lifted(works)) }
        // Operations must be alike except for their sizes.
        let first = same[0]
        guard sizes.count == same.count, same.allSatisfy({ $0.resized(to: sizes[0]) == first }) else {
            throw Self.differs
        }
        if case .collective = first {
            let numbers = try growth(sizes.map(Double.init), rounding: 1).value(at: parameters).rounded()
            return first.resized(to: Self.wireElements(Int(numbers), bytesPerNumber: bytesPerNumber))
        }
        return first.resized(to: try bytes(sizes))
    }

    /// Each further batch of a client adds as many steps as the second one, and nothing else.
    private func lifted(
        _ same: [Operation], withTwoBatches: Operation
    ) throws(PricingError) -> Operation {
        let operation = try lifted(same)
        if same[0] == withTwoBatches { return operation }
        guard case .compute(var work) = operation, case .compute(let one) = same[0],
            case .compute(var two) = withTwoBatches
        else { throw Self.differs }
        work.fullSteps += (batches - 1) * (two.fullSteps - one.fullSteps)
        two.fullSteps = one.fullSteps
        guard two == one else { throw Self.differs }
        return .compute(work)
    }

    private func growth(_ values: [Double], rounding: Double) throws(PricingError) -> Growth {
        guard let growth = Growth(values, at: recordings.map { Double($0.parameters) }, rounding: rounding) else {
            throw PricingError(
                "what is sent does not grow in proportion to the model: \(values.map { Int($0) }) for \(recordings.map(\.parameters)) numbers"
            )
        }
        return growth
    }

    /// Plain vectors use the profile's size of a number; a coding has its own size.
    private func bytes(_ values: [Int]) throws(PricingError) -> Int {
        // Rounding can move a sparse coding by one number with its place.
        let growth = try growth(values.map(Double.init), rounding: 8)
        guard growth.perParameter == Double(MemoryLayout<Float>.size) else {
            return Int(growth.value(at: parameters).rounded())
        }
        return Int(growth.constant) + parameters * bytesPerNumber
    }

    private func lifted(_ works: [ComputeWork]) throws(PricingError) -> ComputeWork {
        var work = works[0]
        let elements = works.map { Double($0.vectorElements) }
        work.vectorElements = Int(try growth(elements, rounding: 8).value(at: parameters).rounded())
        let equivalents = works.map(\.equivalentSamples)
        work.equivalentSamples = try growth(equivalents, rounding: 1e-6 * (1 + (equivalents.max() ?? 0)))
            .value(at: parameters)
        var rest = works
        for index in rest.indices { (rest[index].vectorElements, rest[index].equivalentSamples) = (0, 0) }
        guard rest[0] == rest[1], rest[1] == rest[2] else { throw Self.differs }
        return work
    }
}

extension Operation {
    /// The operation with a vector of another size, in bytes, or for a collective in elements.
    fileprivate func resized(to size: Int) -> Operation {
        switch self {
        case .send(let receiver, _, let purpose, let direction):
            .send(to: receiver, bytes: size, purpose, direction)
        case .post(let receiver, _, let purpose, let direction):
            .post(to: receiver, bytes: size, purpose, direction)
        case .collective(let kind, _, let purpose): .collective(kind, elements: size, purpose)
        default: self
        }
    }
}

extension Schedule {
    /// The schedule with the gradient sent in buckets while it is computed: the form that ``AllReduceRequest`` gives to
    /// a step followed by an all-reduce.
    ///
    /// - Parameters:
    ///   - elements: numbers of the gradient, which an update passes over.
    ///   - buckets: what is sent: 32-bit numbers, and the share of the passes after which they are there.
    func overlapped(elements: Int, wire: Int, buckets: [(numbers: Int, readyShare: Double)]) -> Schedule {
        var (operations, indices): ([Operation], [Operation: UInt32]) = ([], [:])
        func index(_ operation: Operation) -> UInt32 {
            if let index = indices[operation] { return index }
            indices[operation] = UInt32(operations.count)
            operations.append(operation)
            return UInt32(operations.count - 1)
        }
        let shares = buckets.map(\.readyShare) + [1]
        let programs = self.programs.map { program in
            var (result, position): ([UInt32], Int) = ([], 0)
            while position < program.count {
                let operation = self.operations[Int(program[position])]
                position += 1
                if case .compute(let work) = operation, position < program.count,
                    case .collective(.allReduce(let reduction), wire, let purpose) = self.operations[
                        Int(program[position])]
                {
                    position += 1
                    result.append(index(.step(work, elements: elements, shares: shares)))
                    for (place, bucket) in buckets.enumerated() {
                        result.append(index(.ready(share: place)))
                        result.append(
                            index(.collective(.allReduce(reduction), elements: bucket.numbers, purpose)))
                    }
                    result.append(index(.ready(share: buckets.count)))
                    result.append(index(.update))
                } else {
                    result.append(index(operation))
                }
            }
            return result
        }
        return Schedule(operations: operations, programs: programs, programOfRank: programOfRank)
    }
}
