import Calibration
import Cluster
import Foundation
import Reports

/// Points of `bench calibrate`, read and fitted as `--from` does.
final class CalibrationInputs: InputClass {
    let name = "points"
    private let text = TextMutations(words: [
        "step", "vector-element", "memory", "ping-pong", "burst", "all-reduce", "digits", "mnist-2nn", "kind", "task",
        "size",
        "messages", "ranks", "repetition", "seconds", ",", "1e-6", "0.001", "4", "1048576", "1e-300", "1e300",
    ])

    func makeSeeds() throws -> [[UInt8]] {
        let points = [
            CalibrationPoint(.step, task: "digits", size: 8, ranks: 1, seconds: [2e-5, 2.1e-5]),
            CalibrationPoint(.step, task: "digits", size: 64, ranks: 1, seconds: [1.1e-4]),
            CalibrationPoint(.vectorElement, task: "digits", size: 4810, ranks: 1, seconds: [3e-10]),
            CalibrationPoint(.memory, size: 64 << 20, ranks: 1, seconds: [0.012]),
            CalibrationPoint(.pingPong, size: 256, ranks: 2, seconds: [1.25e-5]),
            CalibrationPoint(.pingPong, size: 65_536, ranks: 2, seconds: [6e-5]),
            CalibrationPoint(.pingPong, size: 1 << 20, ranks: 2, seconds: [9e-4]),
            CalibrationPoint(.burst, size: 65_536, messages: 16, ranks: 2, seconds: [1.1e-3]),
            CalibrationPoint(.allReduce, size: 4096, ranks: 4, seconds: [8e-5]),
            CalibrationPoint(.allReduce, size: 65_536, ranks: 4, seconds: [3e-4]),
            CalibrationPoint(.allReduce, size: 1 << 20, ranks: 4, seconds: [4.1e-3]),
        ]
        return [Array(CalibrationCSV.render(points).utf8)]
    }

    func mutate(_ input: inout [UInt8], other: [UInt8], _ draws: inout Draws) {
        text.mutate(&input, other: other, &draws)
    }

    func read(_ input: [UInt8]) throws {
        let points = try CalibrationCSV.parse(String(decoding: input, as: UTF8.self), file: "points.csv")
        guard try CalibrationCSV.parse(CalibrationCSV.render(points), file: "again.csv") == points else {
            throw WrongAnswer("the points differ when they were written and read again")
        }
        _ = CalibrationText.steps(points)
        if let memory = points.first(where: { $0.kind == .memory }) { _ = CalibrationText.memory(memory) }
        for basis in NetworkFit.Basis.allCases {
            let fit = try NetworkFit(points, basis: basis)
            _ = CalibrationText.parameters(fit) + CalibrationText.identifiability(fit) + CalibrationText.residuals(fit)
            let cluster = CalibratedCluster(
                name: "name", summary: "", source: "", link: fit.link,
                compute: MachineCalibration.measuredCompute(points),
                notes: [CalibrationText.errors(fit)], remarks: CalibrationText.remarks(fit))
            let spec = try cluster.spec(file: "cluster.yaml")
            try spec.validate()
            try ClusterInputs.use(spec)
        }
    }

    /// What is fitted is a simulated all-reduce of as many ranks as a line names.
    func justifiedBytes(_ input: [UInt8]) -> Int { 200 * input.count + (16 << 20) }
}
