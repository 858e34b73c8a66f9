import Foundation
import Randomness
import Testing

@testable import Kernel

@Suite struct SoftmaxCrossEntropyTests {
    @Test func lossAndGradientEqualNaiveSoftmax() {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let (batch, classes) = (stream.int(1...6), stream.int(2...12))
            let scale = Float(stream.int(1...8)) / 8
            let logits = stream.floats(batch * classes).map { 10 * $0 }
            let labels = stream.labels(batch, classes: classes)
            var gradient = logits
            let loss = SoftmaxCrossEntropy.lossAndGradient(
                &gradient, labels: labels, batch: batch, classes: classes, scale: scale)
            let context = "seed \(seed), batch \(batch), classes \(classes)"

            let exact = logits.map(Double.init)
            let expected = Naive.losses(exact, labels, classes: classes).reduce(0, +)
            // Each sample's loss is three operations on numbers up to 20, after a sum of `classes` rounded terms.
            #expect(abs(loss - expected) < Double(batch * (classes + 4)) * 20 * 2 * roundoff, "\(context)")
            let slopes = exact.indices.map { index in
                let row = exact[index / classes * classes..<(index / classes + 1) * classes]
                let share = exp(exact[index]) / row.reduce(0) { $0 + exp($1) }
                return Double(scale) * (share - (index % classes == Int(labels[index / classes]) ? 1 : 0))
            }
            // exp(x - max) magnifies the roundoff of an x - max of up to 20 by 20.
            expectClose(gradient, slopes, tolerance: Double(classes + 24) * 2 * roundoff, context)
        }
    }

    @Test func gradientOfEverySampleSumsToZero() {
        var stream = RandomStream(test: 1)
        var logits = stream.floats(50)
        _ = SoftmaxCrossEntropy.lossAndGradient(
            &logits, labels: stream.labels(5, classes: 10), batch: 5, classes: 10, scale: 1)
        for sample in 0..<5 {
            // Ten shares, each off by some roundoffs of its own size; they sum to 1.
            #expect(abs(logits[sample * 10..<(sample + 1) * 10].reduce(0, +)) < 20 * Float(roundoff))
        }
    }

    @Test func hugeLogitsDoNotOverflow() {
        var logits: [Float] = [1e4, -1e4, 0]
        let loss = SoftmaxCrossEntropy.lossAndGradient(&logits, labels: [1], batch: 1, classes: 3, scale: 1)
        #expect(abs(loss - 2e4) < 2e4 * 2 * roundoff)
        expectClose(logits, [1, -1, 0], tolerance: 2 * roundoff, "one-hot differences")
    }

    @Test func nanMakesLossAndGradientNaNWhereverItStands() {
        for (position, label) in (0..<3).flatMap({ position in (0..<3).map { (position, UInt8($0)) } }) {
            var logits: [Float] = [1, 2, 3]
            logits[position] = .nan
            var copy = logits
            let loss = SoftmaxCrossEntropy.lossAndGradient(&logits, labels: [label], batch: 1, classes: 3, scale: 1)
            #expect(loss.isNaN && logits.allSatisfy(\.isNaN), "NaN at \(position), label \(label)")
            let evaluated = SoftmaxCrossEntropy.lossAndCorrect(&copy, labels: [label], batch: 1, classes: 3)
            #expect(evaluated.loss.isNaN, "NaN at \(position), label \(label)")
        }
    }

    @Test func rowsWithANaNAreNeverCorrect() {
        for (position, label) in (0..<3).flatMap({ position in (0..<3).map { (position, UInt8($0)) } }) {
            // Without the NaN the label's logit is the largest: only the NaN makes the row wrong.
            var logits = [Float](repeating: 1, count: 3)
            logits[Int(label)] = 5
            var twice = logits
            logits[position] = .nan
            twice.append(contentsOf: logits)
            let result = SoftmaxCrossEntropy.lossAndCorrect(&twice, labels: [label, label], batch: 2, classes: 3)
            #expect(result.correct == 1, "NaN at \(position), label \(label)")
        }
    }

    @Test func lossAndCorrectEqualNaiveArgmax() {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let (batch, classes) = (stream.int(1...20), stream.int(2...5))
            let (logits, labels) = (stream.floats(batch * classes), stream.labels(batch, classes: classes))
            var scratch = logits
            let result = SoftmaxCrossEntropy.lossAndCorrect(&scratch, labels: labels, batch: batch, classes: classes)
            let correct = labels.indices.filter { sample in
                let row = Array(logits[sample * classes..<(sample + 1) * classes])
                return row.firstIndex(of: row.reduce(-1, max)) == Int(labels[sample])
            }.count
            #expect(result.correct == correct, "seed \(seed)")
            let expected = Naive.losses(logits.map(Double.init), labels, classes: classes).reduce(0, +)
            #expect(abs(result.loss - expected) < Double(batch * (classes + 4)) * 4 * roundoff, "seed \(seed)")
        }
    }
}
