import Fabrics
import Foundation
import Tasks
import Training

/// Where a run begins, which in an MPI job the first process knows and tells the others: it alone has the checkpoints.
struct RunStart {
    /// Updates from one checkpoint to the next; nil where none are made.
    let interval: Int?
    /// Nil for the beginning.
    let state: RunState?

    /// The interval, 64 bits and 0 for none, and the state as a checkpoint has it.
    func encoded() throws -> Data {
        var data = withUnsafeBytes(of: Int64(interval ?? 0).littleEndian) { Data($0) }
        if let state { data += try state.encoded() }
        return data
    }

    init(interval: Int?, state: RunState?) {
        (self.interval, self.state) = (interval, state)
    }

    init(decoding data: Data) throws(CheckpointError) {
        let number = data.prefix(8).enumerated().reduce(Int64(0)) { $0 | Int64($1.element) << Int64(8 * $1.offset) }
        interval = number == 0 ? nil : Int(number)
        state = data.count > 8 ? try RunState(decoding: Data(data.dropFirst(8))) : nil
    }

    /// Every process calls it; what the first one brings, all get.
    static func shared(_ start: RunStart?) throws -> RunStart {
        #if MPI
            return try RunStart(decoding: MPIWorld.join().broadcast(start?.encoded() ?? Data()))
        #else
            throw ExperimentError(StrategyPlan.mpiIsMissing)
        #endif
    }

    /// The same for the number of runs that an earlier job finished.
    static func shareFinished(_ count: Int) throws -> Int {
        #if MPI
            return Int(try MPIWorld.join().allGather([Double(count)])[0][0])
        #else
            throw ExperimentError(StrategyPlan.mpiIsMissing)
        #endif
    }
}
