import Cluster
import Fabrics
public import Foundation
import Kernel

/// The bytes of a state, to be written to a file or sent to other processes; what they are wrapped in is up to those who
/// do that.
extension RunState {
    public func encoded() -> Data {
        var writer = ByteWriter()
        writer.write([position.round, position.samples])
        writer.write(optional: position.server) { writer, server in
            writer.write(server.drawnRounds)
            writer.write(server.clientRounds)
        }
        writer.write(parameters)
        writer.write(optional: velocity) { $0.write($1) }
        writer.write(optional: evaluatedParameters) { $0.write($1) }
        writer.write(evaluations.count)
        for evaluation in evaluations { Self.write(evaluation, &writer) }
        writer.write(stepLosses)
        writer.write(lossSum)
        writer.write(lossSamples)
        writer.write(Int(clusterNanoseconds))
        writer.write(bytesSent)
        writer.write(optional: fabric) { Self.write($1, &$0) }
        writer.write(hostSeconds)
        return writer.data
    }

    /// - Throws: ``CheckpointError`` where the bytes are not those of a state.
    public init(decoding data: Data) throws(CheckpointError) {
        var reader = ByteReader(data)
        let place = try reader.ints()
        guard place.count == 2 else { throw CheckpointError("a position of \(place.count) numbers, not 2") }
        let server = try reader.optional { reader throws(CheckpointError) in
            RunPosition.Server(drawnRounds: try reader.int(), clientRounds: try reader.ints())
        }
        position = RunPosition(round: place[0], samples: place[1], server: server)
        parameters = try reader.vector()
        velocity = try reader.optional { reader throws(CheckpointError) in try reader.vector() }
        evaluatedParameters = try reader.optional { reader throws(CheckpointError) in try reader.vector() }
        evaluations = try reader.list { reader throws(CheckpointError) in try Self.evaluation(&reader) }
        stepLosses = try reader.doubles()
        lossSum = try reader.double()
        lossSamples = try reader.int()
        clusterNanoseconds = Int64(try reader.int())
        bytesSent = try reader.int()
        fabric = try reader.optional { reader throws(CheckpointError) in try Self.snapshot(&reader) }
        hostSeconds = try reader.double()
        try reader.end()
    }

    // MARK: Parts

    private static func write(_ evaluation: TrainingRun.Evaluation, _ writer: inout ByteWriter) {
        writer.write(evaluation.round)
        writer.write(evaluation.samples)
        writer.write(evaluation.clusterSeconds)
        writer.write(evaluation.bytesSent)
        writer.write(optional: evaluation.trainLoss) { $0.write($1) }
        writer.write(evaluation.testAccuracy)
        writer.write(evaluation.testLoss)
    }

    private static func evaluation(_ reader: inout ByteReader) throws(CheckpointError) -> TrainingRun.Evaluation {
        TrainingRun.Evaluation(
            round: try reader.int(), samples: try reader.int(), clusterSeconds: try reader.double(),
            bytesSent: try reader.int(),
            trainLoss: try reader.optional { reader throws(CheckpointError) in try reader.double() },
            testAccuracy: try reader.double(), testLoss: try reader.double())
    }

    private static func write(_ fabric: FabricSnapshot, _ writer: inout ByteWriter) {
        writer.write(fabric.seconds)
        writer.write(fabric.accounts.count)
        for account in fabric.accounts {
            writer.write([
                account.computeSeconds, account.communicationSeconds, account.hiddenCommunicationSeconds,
                account.waitingSeconds,
            ])
        }
        writer.write(fabric.traffic.count)
        for entry in fabric.traffic {
            writer.write(entry.rank)
            writer.write(entry.purpose.rawValue)
            writer.write(entry.direction.rawValue)
            writer.write([entry.bytesSent, entry.messagesSent, entry.bytesReceived, entry.messagesReceived])
        }
    }

    private static func snapshot(_ reader: inout ByteReader) throws(CheckpointError) -> FabricSnapshot {
        let seconds = try reader.double()
        let accounts = try reader.list { reader throws(CheckpointError) in
            let parts = try reader.doubles()
            guard parts.count == 4 else { throw CheckpointError("an account of \(parts.count) times, not 4") }
            var account = TimeAccount()
            account.computeSeconds = parts[0]
            account.communicationSeconds = parts[1]
            account.hiddenCommunicationSeconds = parts[2]
            account.waitingSeconds = parts[3]
            return account
        }
        let traffic = try reader.list { reader throws(CheckpointError) in
            let (rank, purpose, direction) = (try reader.int(), try reader.text(), try reader.text())
            let counts = try reader.ints()
            guard let purpose = TrafficPurpose(rawValue: purpose),
                let direction = TrafficDirection(rawValue: direction),
                accounts.indices.contains(rank), counts.count == 4
            else { throw CheckpointError("traffic of rank \(rank) for '\(purpose)', '\(direction)'") }
            return TrafficLedger.Entry(
                rank: rank, purpose: purpose, direction: direction, bytesSent: counts[0], messagesSent: counts[1],
                bytesReceived: counts[2], messagesReceived: counts[3])
        }
        return FabricSnapshot(seconds: seconds, accounts: accounts, traffic: traffic)
    }
}
