import Datasets
import Kernel
import Locking

/// Measures models on the whole test set, in chunks that may be computed side by side.
///
/// The chunks' results are added in the order of chunks, so that the sum does not depend on which thread was first. One
/// evaluator serves all evaluations of a run, one at a time: each writes all chunks of its models.
final class Evaluator: Sendable {
    /// Chunks of the test set.
    let chunkCount: Int
    private let network: Network
    private let test: Dataset
    private let workspaces: WorkspacePool
    /// Model by model.
    private let results: Guarded<[(loss: Double, correct: Int)]>

    private static let samplesPerChunk = 500

    init(_ network: Network, _ test: Dataset, _ workspaces: WorkspacePool) {
        chunkCount = (test.count + Self.samplesPerChunk - 1) / Self.samplesPerChunk
        self.network = network
        self.test = test
        self.workspaces = workspaces
        results = Guarded(Array(repeating: (0, 0), count: chunkCount))
    }

    /// Computes the chunk's losses and correct answers of the model `[P]`.
    ///
    /// - Parameter model: its place among those of the evaluation.
    func compute(_ chunk: Int, ofModel model: Int = 0, at parameters: ParameterVector) {
        let first = chunk * Self.samplesPerChunk
        let range = Int32(first)..<Int32(min(test.count, first + Self.samplesPerChunk))
        let result = workspaces.withWorkspace(capacity: range.count) { workspace in
            test.gather(range, into: workspace.batch)
            return network.lossAndCorrect(of: workspace, at: parameters)
        }
        results.withLock { results in
            let place = model * chunkCount + chunk
            while results.count <= place { results.append((0, 0)) }
            results[place] = result
        }
    }

    /// The mean loss and the accuracy of a model of which all chunks were computed.
    func result(ofModel model: Int = 0) -> (loss: Double, accuracy: Double) {
        let chunks = model * chunkCount..<(model + 1) * chunkCount
        let (loss, correct) = results.withLock { results in
            results[chunks].reduce((0, 0)) { ($0.0 + $1.loss, $0.1 + $1.correct) }
        }
        return (loss / Double(test.count), Double(correct) / Double(test.count))
    }
}
