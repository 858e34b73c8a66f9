import Fabrics
import Foundation
import Kernel

/// The bytes of a state, to be written to a file or sent to other processes: a safetensors file. Its tensors are the vectors
/// of the strategy's state by their names, the losses, and the model of the last evaluation; whatever else there is stands
/// as JSON in its metadata. What the bytes are wrapped in is up to those who do that.
extension RunState {
    package func encoded() throws -> Data {
        var tensors: [String: SafetensorsFile.Tensor] = [:]
        for (name, vector) in values.vectors { tensors[Self.statePrefix + name] = .floats(vector) }
        tensors[Self.evaluatedName] = evaluatedParameters.map { .floats($0) }
        tensors[Self.stepLossesName] = .doubles(stepLosses)
        tensors[Self.lossSumName] = .doubles([lossSum])
        for (rank, model) in nodeModels { tensors[Self.modelsPrefix + "\(rank)"] = .floats(model) }
        for (rank, losses) in nodeLosses where !losses.isEmpty {
            tensors[Self.lossesPrefix + "\(rank)"] = .doubles(losses)
        }
        if !nodes.isEmpty { tensors[Self.nodesName] = .doubles(NodeCurves.numbers(of: nodes)) }
        let details = Details(
            round: position.round, samples: position.samples, counts: values.counts, evaluations: evaluations,
            lossSamples: lossSamples, clusterNanoseconds: clusterNanoseconds, bytesSent: bytesSent, fabric: fabric,
            hostSeconds: hostSeconds, trainedSamples: trainedSamples.contains { $0 > 0 } ? trainedSamples : nil,
            finalCorrect: nodes.isEmpty ? nil : nodes.map { Data($0.finalCorrect) },
            finalScores: nodes.allSatisfy(\.finalScores.isEmpty)
                ? nil : nodes.map { SampleNumbers.encoded($0.finalScores) },
            nodesHaveAUC: NodeCurves.haveAUC(nodes) ? true : nil,
            nodeNotes: nodeNotes.isEmpty ? nil : nodeNotes, consensus: consensus.isEmpty ? nil : consensus)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let text = String(decoding: try encoder.encode(details), as: UTF8.self)
        return try SafetensorsFile(tensors: tensors, metadata: [Self.detailsName: text]).encoded()
    }

    /// - Throws: ``CheckpointError`` where the bytes are not those of a state.
    package init(decoding data: Data) throws(CheckpointError) {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(decoding: data)
        } catch {
            throw CheckpointError(error.description)
        }
        let details = try Self.details(of: file)
        var tensors = file.tensors
        func doubles(_ name: String) throws(CheckpointError) -> [Double] {
            guard case .doubles(let values) = tensors.removeValue(forKey: name) else {
                throw CheckpointError("tensor '\(name)' of F64 is missing")
            }
            return values
        }
        stepLosses = try doubles(Self.stepLossesName)
        let sums = try doubles(Self.lossSumName)
        guard sums.count == 1 else {
            throw CheckpointError("tensor '\(Self.lossSumName)' has \(sums.count) numbers; allowed is 1")
        }
        lossSum = sums[0]
        if tensors[Self.nodesName] != nil {
            nodes = try NodeCurves.nodes(
                try doubles(Self.nodesName), right: details.finalCorrect ?? [], scores: details.finalScores,
                haveAUC: details.nodesHaveAUC ?? false)
        }
        trainedSamples = details.trainedSamples ?? []
        consensus = details.consensus ?? []
        evaluatedParameters = nil
        values = StateValues(counts: details.counts)
        func rank(_ name: String, _ prefix: String) throws(CheckpointError) -> Int {
            guard let rank = Int(name.dropFirst(prefix.count)) else {
                throw CheckpointError("tensor '\(name)' is of no rank")
            }
            return rank
        }
        for name in tensors.keys.filter({ $0.hasPrefix(Self.lossesPrefix) }).sorted() {
            nodeLosses[try rank(name, Self.lossesPrefix)] = try doubles(name)
        }
        nodeNotes = details.nodeNotes ?? [:]
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let isPart = [Self.statePrefix, Self.modelsPrefix].contains(where: name.hasPrefix)
            guard case .floats(let vector) = tensor, name == Self.evaluatedName || isPart else {
                throw CheckpointError("tensor '\(name)' is no part of a checkpoint")
            }
            if name == Self.evaluatedName {
                evaluatedParameters = vector
            } else if name.hasPrefix(Self.modelsPrefix) {
                nodeModels[try rank(name, Self.modelsPrefix)] = vector
            } else {
                values.vectors[String(name.dropFirst(Self.statePrefix.count))] = vector
            }
        }
        position = RunPosition(round: details.round, samples: details.samples)
        (evaluations, lossSamples) = (details.evaluations, details.lossSamples)
        (clusterNanoseconds, bytesSent) = (details.clusterNanoseconds, details.bytesSent)
        (fabric, hostSeconds) = (details.fabric, details.hostSeconds)
    }

    private static let statePrefix = "state/"
    private static let evaluatedName = "record/evaluated parameters"
    private static let stepLossesName = "record/step losses"
    private static let lossSumName = "record/loss sum"
    private static let modelsPrefix = "record/evaluated parameters of rank "
    private static let lossesPrefix = "record/losses of rank "
    private static let nodesName = "record/nodes"
    private static let detailsName = "checkpoint"

    /// What the file's metadata hold: all of the state that is no tensor.
    private struct Details: Codable {
        let round: Int
        let samples: Int
        let counts: [String: [Int]]
        let evaluations: [TrainingRun.Evaluation]
        let lossSamples: Int
        let clusterNanoseconds: Int64
        let bytesSent: Int
        let fabric: FabricSnapshot?
        let hostSeconds: Double
        let trainedSamples: [Int]?
        let finalCorrect: [Data]?
        let finalScores: [Data]?
        let nodesHaveAUC: Bool?
        let nodeNotes: [Int: NodeNotes]?
        let consensus: [TrainingRun.Consensus]?
    }

    private static func details(of file: SafetensorsFile) throws(CheckpointError) -> Details {
        guard let text = file.metadata[detailsName] else {
            throw CheckpointError("its metadata has no '\(detailsName)'")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return try decoder.decode(Details.self, from: Data(text.utf8))
        } catch {
            throw CheckpointError("'\(detailsName)' in its metadata is not the JSON of a checkpoint")
        }
    }
}
