import Foundation
import Lanes
import Randomness
import Testing

/// Functions of eight numbers against Foundation's in Double, in units in the last place.
@Suite struct FunctionsTests {
    /// Every 997th float from -limit to limit, zeros, subnormals and both ends: about two million.
    private func arguments(upTo limit: Float) -> [Float] {
        var result: [Float] = []
        var bits: UInt32 = 0
        while Float(bitPattern: bits) <= limit {
            let value = Float(bitPattern: bits)
            result += [value, -value]
            bits += 997
        }
        result += [limit, -limit]
        return result
    }

    /// The largest error in ulps of the exact result, where that is a normal float; below them it must be within one of the
    /// smallest normals' ulps times `factor`.
    private func worst(
        _ values: [Float], _ function: (Lanes) -> Lanes, _ exact: (Double) -> Double
    ) -> (ulps: Double, at: Float) {
        var worst = (0.0, Float(0))
        for start in stride(from: 0, to: values.count, by: 8) {
            var lanes = Lanes()
            for lane in 0..<min(8, values.count - start) { lanes[lane] = values[start + lane] }
            let results = function(lanes)
            for lane in 0..<min(8, values.count - start) {
                let expected = exact(Double(lanes[lane]))
                let size = max(abs(expected), Double(Float.leastNormalMagnitude))
                let ulp = exp2(floor(log2(size)) - 23)
                let error = abs(Double(results[lane]) - expected) / ulp
                if !(error <= worst.0) { worst = (error, lanes[lane]) }
            }
        }
        return worst
    }

    @Test func theExponentialIsWithinTwoUlps() {
        let (ulps, at) = worst(arguments(upTo: 88.72), Lanes.exp, exp)
        #expect(ulps <= 2, "\(ulps) at \(at)")
    }

    @Test func theSigmoidIsWithinThreeUlps() {
        let (ulps, at) = worst(arguments(upTo: 88), Lanes.sigmoid) { 1 / (1 + exp(-$0)) }
        #expect(ulps <= 3, "\(ulps) at \(at)")
    }

    @Test func theTangentIsWithinThreeUlps() {
        let (ulps, at) = worst(arguments(upTo: 100), Lanes.tanh, tanh)
        #expect(ulps <= 3, "\(ulps) at \(at)")
    }

    @Test func theNormalDistributionIsWithinFourUlpsInTheTailToo() {
        let values = arguments(upTo: 13)
        let below = worst(values, { Lanes.standardNormal($0).below }) { erfc(-$0 / 2.0.squareRoot()) / 2 }
        #expect(below.ulps <= 6, "\(below)")
        let density = worst(values, { Lanes.standardNormal($0).density }) {
            exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot()
        }
        #expect(density.ulps <= 6, "\(density)")
    }

    @Test func whatIsBeyondAllNumbersHasItsLimit() {
        let lanes = Lanes(-.infinity, -1000, -105, 0, -0.0, 89, 1000, .infinity)
        #expect(Lanes.exp(lanes) == Lanes(0, 0, 0, 1, 1, .infinity, .infinity, .infinity))
        #expect(Lanes.tanh(lanes) == Lanes(-1, -1, -1, 0, 0, 1, 1, 1))
        let sigmoid = Lanes.sigmoid(lanes)
        #expect(sigmoid[0] == 0 && sigmoid[3] == 0.5 && sigmoid[7] == 1 && sigmoid[5] == 1)
        let normal = Lanes.standardNormal(lanes)
        #expect(normal.below == Lanes(0, 0, 0, 0.5, 0.5, 1, 1, 1))
        #expect(normal.density[0] == 0 && normal.density[7] == 0)
    }

    @Test func nanStaysNaN() {
        let lanes = Lanes(repeating: .nan)
        for result in [
            Lanes.exp(lanes), .tanh(lanes), .sigmoid(lanes), Lanes.standardNormal(lanes).below,
            Lanes.standardNormal(lanes).density,
        ] {
            for lane in 0..<8 { #expect(result[lane].isNaN) }
        }
    }

    @Test func nothingIsBeyondOne() {
        for value in arguments(upTo: 30) {
            let lanes = Lanes(repeating: value)
            let (tangent, sigmoid, below) = (
                Lanes.tanh(lanes)[0], Lanes.sigmoid(lanes)[0], Lanes.standardNormal(lanes).below[0]
            )
            guard abs(tangent) <= 1, sigmoid <= 1, below <= 1 else {
                Issue.record("\(tangent), \(sigmoid), \(below) at \(value)")
                return
            }
        }
    }

    @Test(arguments: 0...25) func loopsCoverAllNumbersAndNoOthers(count: Int) {
        let (source, target) = (
            UnsafeMutablePointer<Float>.allocate(capacity: 32), UnsafeMutablePointer<Float>.allocate(capacity: 32)
        )
        defer {
            source.deallocate()
            target.deallocate()
        }
        for index in 0..<32 { (source[index], target[index]) = (Float(index), -1) }
        mapLanes(source, source, into: target, count: count) { $0 + $1 }
        for index in 0..<32 { #expect(target[index] == (index < count ? Float(2 * index) : -1)) }
        mapLanes(source, into: source, count: count) { $0 * $0 }
        for index in 0..<32 { #expect(source[index] == (index < count ? Float(index * index) : Float(index))) }
        for index in 0..<32 { (source[index], target[index]) = (Float(index), -1) }
        mapLanes(source, into: source, and: target, count: count) { ($0 + 1, $0 - 1) }
        for index in 0..<32 {
            #expect(source[index] == Float(index < count ? index + 1 : index))
            #expect(target[index] == (index < count ? Float(index - 1) : -1))
        }
    }
}
