import Experiments
import Fabrics
import Foundation
import Storage

extension FileOptions {
    /// Sets callbacks that write traces and schedules where the command line asks for them.
    func observe(_ plan: ExperimentPlan, _ output: OutputDirectory, _ callbacks: inout Experiment.Callbacks) {
        if let trace {
            let file = URL(fileURLWithPath: trace)
            callbacks.tracing = { run in
                let (strategy, cluster) = (run.strategy, run.strategy.cluster?.name ?? "")
                return try TraceRecorder(
                    runFile(file, strategy.name, seed: run.seed, isOnly: plan.isOneRun).relativePath,
                    title: "\(strategy.name) on \(cluster), \(plan.task), seed \(run.seed) (cluster time)",
                    ranks: strategy.roles.ranks, server: strategy.roles.server,
                    allReduce: strategy.allReduceInUse, allReduceByLength: strategy.allReduceByLength)
            }
        }
        guard record else { return }
        callbacks.scheduled = { run, schedule in
            guard run.strategy.hasFixedSchedule else { return }
            let name = run.strategy.name
            guard let schedule else {
                throw ReportError(
                    "--record: \(name) with seed \(run.seed) has more than \(Schedule.mostOperations) operations; allowed is "
                        + "a run that is not longer")
            }
            try writeAtomically(
                try ScheduleFile.encode(schedule, strategy: name, seed: run.seed),
                to: output.url.appendingPathComponent(ScheduleFile.name(name, seed: run.seed)))
        }
    }
}

extension ExperimentPlan {
    /// Whether there is only one run, so that its files need no names of their own.
    var isOneRun: Bool { strategies.count * seeds.count == 1 }
}
