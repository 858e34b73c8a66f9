import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Codings against the plainest way to do the same.
@Suite(.timeLimit(.minutes(60))) struct CodingTests {
    static let codings: [any MessageCoding] = [
        Float32Coding(), Float16Coding(), TopKCoding(fraction: 0.01), TopKCoding(fraction: 0.3),
        TopKCoding(fraction: 0.5), TopKCoding(fraction: 1), RandomKCoding(fraction: 0.01, seed: 1),
        RandomKCoding(fraction: 0.6, seed: 2), RandomKCoding(fraction: 1, seed: 3),
    ]

    /// Numbers of all magnitudes, with some that are equal, zero, infinite or none.
    static func numbers(_ count: Int, seed: Int) -> [Float] {
        var stream = SeedSequence(UInt64(seed)).stream(.test, count)
        return (0..<count).map { _ in
            switch stream.uniform() {
            case ..<0.05: 0
            case ..<0.1: -0.25
            case ..<0.12: .infinity
            case ..<0.14: .nan
            default: Float(bitPattern: UInt32(truncatingIfNeeded: stream.next()))
            }
        }
    }

    @Test(arguments: codings.indices, [0, 1, 7, 8, 9, 1000, 1003])
    func aPayloadHasTheBytesThatItsCodingSays(index: Int, count: Int) {
        let coding = Self.codings[index]
        let encoded = coding.encode(ParameterVector(Self.numbers(count, seed: 1)))
        #expect(encoded.bytes.count == coding.encodedBytes(elements: count))
        #expect(encoded.coding == coding.name && encoded.elements == count)
        #expect(coding.encodedBytes(elements: count) <= 4 * count)
        #expect(coding.encodingWork(elements: count).vectorElements >= count)
        #expect(coding.decodingWork(elements: count).vectorElements >= count)
    }

    private func decoded(_ coding: some MessageCoding, _ numbers: [Float]) -> [UInt32] {
        let vector = ParameterVector(Array(repeating: 5, count: numbers.count))
        coding.decode(coding.encode(ParameterVector(numbers)), into: vector)
        return bits(vector)
    }

    @Test func float32IsTheIdentity() {
        let numbers = Self.numbers(1001, seed: 2)
        #expect(decoded(Float32Coding(), numbers) == numbers.map(\.bitPattern))
    }

    // MARK: Random places

    /// As many numbers as the fraction says stay, at other places for each seed, and every place as often as every other.
    @Test(arguments: [0.02, 0.3, 0.999]) func randomNumbersStayAtTheirPlaces(fraction: Double) {
        let numbers = (1...100).map(Float.init)
        var counts = [Int](repeating: 0, count: 100)
        let coding = RandomKCoding(fraction: fraction, seed: 0)
        for seed in 0..<400 as Range<UInt64> {
            // Whoever decodes knows the fraction, and finds the seed in the payload.
            let encoded = RandomKCoding(fraction: fraction, seed: seed).encode(ParameterVector(numbers))
            let vector = ParameterVector(Array(repeating: 5, count: 100))
            coding.decode(encoded, into: vector)
            let kept = (0..<100).filter { vector[$0] != 0 }
            #expect(kept.count == coding.kept(of: 100) && kept.allSatisfy { vector[$0] == numbers[$0] })
            for place in kept { counts[place] += 1 }
        }
        // Binomially distributed: five standard deviations.
        let share = Double(coding.kept(of: 100)) / 100
        let deviation = (400 * share * (1 - share)).squareRoot()
        #expect(counts.allSatisfy { abs(Double($0) - 400 * share) <= 5 * deviation + 1e-9 }, "\(counts)")
    }

    // MARK: Half precision

    /// 2^exponent without rounding.
    private static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

    /// The half nearest to a number, by arithmetic in double precision, which is exact here: a multiple of the last place of
    /// its power of two.
    private static func nearestHalf(_ number: Float) -> Float {
        guard number.isFinite, number != 0 else { return number }
        let exponent = max(Int(number.exponent), -14)
        let place = power(exponent - 10)
        let rounded = (Double(number) / place).rounded(.toNearestOrEven) * place
        return abs(rounded) > 65_504 ? (number < 0 ? -.infinity : .infinity) : Float(rounded)
    }

    @Test func halvesAreTheNearestThereAre() {
        // Where rounding ties, where halves become denormal and end, and random bits.
        var numbers: [Float] = [
            0, -0.0, 1, -1, 65_504, 65_519.996, 65_520, 65_536, -70_000, 1e30, .infinity, -.infinity, 1.000_488_28,
            1.001_464_8, 6.103_515_6e-5, 6.1e-5, 5.960_464_5e-8, 2.980_232_2e-8, 2.980_232_6e-8, 1e-8, -3e-8, 0x1p-133,
            .leastNonzeroMagnitude, 0.1, 3.141_592_7,
        ]
        for seed in 0..<20 { numbers += Self.numbers(1000, seed: seed).map { $0 * (seed % 2 == 0 ? 1 : 1e-20) } }
        for exponent in -30...17 {
            for step in 0..<64 {
                numbers.append(Float(Self.power(exponent) * (1 + Double(step) * Self.power(-12))))
            }
        }
        let result = decoded(Float16Coding(), numbers)
        for (number, bits) in zip(numbers, result) {
            let half = Float(bitPattern: bits)
            if number.isNaN {
                #expect(half.isNaN)
            } else {
                let expected = Self.nearestHalf(number)
                #expect(bits == expected.bitPattern, "\(number) became \(half), not \(expected)")
            }
        }
    }

    @Test func everyHalfStaysWhatItIs() {
        let halves = (0...UInt16.max).map { $0 }
        let bytes = halves.flatMap { half in withUnsafeBytes(of: half) { Array($0) } }
        let vector = ParameterVector(count: halves.count)
        Float16Coding().decode(EncodedVector(coding: "float16", elements: halves.count, bytes: bytes), into: vector)
        for (half, single) in zip(halves, vector.values) {
            // Sign, exponent and fraction of binary16, by the definition.
            let (exponent, fraction) = (Int(half >> 10 & 31), Double(half & 1023))
            let magnitude =
                exponent == 31
                ? (fraction == 0 ? Double.infinity : .nan)
                : exponent == 0 ? fraction * Self.power(-24) : (1 + fraction / 1024) * Self.power(exponent - 15)
            let expected = Float(half >> 15 == 1 ? -magnitude : magnitude)
            #expect(single.bitPattern == expected.bitPattern || single.isNaN && expected.isNaN, "\(half)")
        }
        let again = Float16Coding().encode(vector).bytes
        for index in halves.indices where !vector[index].isNaN {
            #expect(again[2 * index] == bytes[2 * index] && again[2 * index + 1] == bytes[2 * index + 1])
        }
    }

    // MARK: Top-k

    /// A stable sort of all by magnitude, which the bits of a number without its sign are ordered by.
    private static func largest(_ numbers: [Float], _ kept: Int) -> [Float] {
        let order = numbers.indices.sorted {
            let (a, b) = (numbers[$0].magnitude.bitPattern, numbers[$1].magnitude.bitPattern)
            return a != b ? a > b : $0 < $1
        }
        var result = [Float](repeating: 0, count: numbers.count)
        for index in order.prefix(kept) { result[index] = numbers[index] }
        return result
    }

    @Test(arguments: [1e-9, 0.001, 0.01, 0.1, 0.37, 0.5, 0.51, 0.99, 1])
    func theLargestNumbersAreKeptAndTheOthersAreZero(fraction: Double) {
        let coding = TopKCoding(fraction: fraction)
        for seed in 0..<20 {
            var stream = SeedSequence(UInt64(seed)).stream(.test, 77)
            let numbers = Self.numbers(stream.integer(below: 700), seed: seed)
            let kept = min(numbers.count, Int((fraction * Double(numbers.count)).rounded(.up)))
            #expect(coding.kept(of: numbers.count) == kept)
            let expected = Self.largest(numbers, kept).map(\.bitPattern)
            #expect(decoded(coding, numbers) == expected, "seed \(seed)")
        }
    }

    /// 3 of 10 numbers: three places and three numbers of four bytes each.
    @Test func aPayloadOfTheLargestIsAsLongAsTheirPlacesAndTheirNumbers() {
        let coding = TopKCoding(fraction: 0.3)
        let encoded = coding.encode(ParameterVector([0, -5, 1, 2, 2, 0, 4, 0, 0.5, -1]))
        #expect(encoded.bytes.count == 24 && coding.encodedBytes(elements: 10) == 24)
        let words = encoded.bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
        #expect(words == [1, Float(-5).bitPattern, 3, Float(2).bitPattern, 6, Float(4).bitPattern])
        // From half of the numbers on the vector itself is no longer.
        #expect(TopKCoding(fraction: 0.5).encodedBytes(elements: 10) == 40)
    }

    // MARK: On the wire

    /// A link of one byte a nanosecond shows how many bytes there are.
    @Test(arguments: codings.indices)
    func aMessageTakesTheTimeOfItsEncodedBytesAndTheLedgerCountsThem(index: Int) throws {
        let coding = Self.codings[index]
        let times = Notes<Int64>()
        let report = try run(simulated(2)) { rank in
            if rank.index == 0 {
                let encoded = coding.encode(ParameterVector(Self.numbers(1000, seed: 1)))
                try await rank.send(Message(encoded, purpose: .gradient), to: 1)
            } else {
                let message = try await rank.receive(from: 0)
                #expect(message?.encoded?.coding == coding.name)
                times[1] = rank.now.nanoseconds
            }
        }
        let bytes = coding.encodedBytes(elements: 1000) + 16
        #expect(times[1] == Int64(1100 + bytes))
        #expect(report.ledger.totalBytes == bytes)
    }

    @Test func aScheduleOfEncodedMessagesTakesItsOwnTimeAgain() throws {
        var fabric = simulated(2)
        let recorder = ScheduleRecorder(ranks: 2)
        fabric.observer = recorder
        let report = try run(fabric) { rank in
            // Bytes that are no whole number of 32 bits.
            let encoded = Float16Coding().encode(ParameterVector(count: 101))
            for _ in 0..<5 {
                if rank.index == 0 { try await rank.send(Message(encoded, purpose: .gradient), to: 1) }
                if rank.index == 1 { _ = try await rank.receive(from: 0) }
            }
        }
        let schedule = try #require(recorder.schedule)
        #expect(schedule.operations.contains(.send(to: 1, bytes: 202, .gradient, .peer)))
        #expect(schedule.problem(mostElements: 51) == nil)
        #expect(schedule.problem(mostElements: 50)?.contains("51 numbers") == true)
        let replay = try simulated(2).replay(schedule)
        #expect(replay.seconds == report.seconds && replay.bytes == 5 * 218)
    }
}
