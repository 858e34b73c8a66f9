import Fabrics
import Foundation
import Tasks
import Training

/// Where a run begins. In an MPI job only the first process has checkpoints, so it tells the others.
struct RunStart {
    /// Updates from one checkpoint to the next; nil where none are made.
    let interval: Int?
    /// The state that the run continues from; nil for the beginning.
    let state: RunState?

    /// The interval as 64 bits, 0 for none, followed by the encoded state.
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

    /// Broadcasts the start of the first process; every process calls this.
    static func shared(_ start: RunStart?) throws -> RunStart {
        #if MPI
            return try RunStart(decoding: MPIWorld.join().broadcast(start?.encoded() ?? Data()))
        #else
            throw ExperimentError(StrategyPlan.mpiIsMissing)
        #endif
    }

    /// Shares the number of runs that an earlier job finished; every process calls this and gets the number of the
    /// first one.
    static func shareFinished(_ count: Int) throws -> Int {
        #if MPI
            return Int(try MPIWorld.join().allGather([Double(count)])[0][0])
        #else
            throw ExperimentError(StrategyPlan.mpiIsMissing)
        #endif
    }
}
