import ArgumentParser
import Experiments
import Reports

/// Takes over what a study chose.
struct TunedOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Take the best options of every strategy from a study: its folder, or its study.json.", valueName: "study"))
    var tuned: String?

    func check() throws {
        if tuned?.isEmpty == true {
            throw ValidationError("--tuned is empty; allowed is a study's folder or study.json")
        }
    }

    /// - Throws: `ValidationError` where the command line has an option that the study chose; ``ReportError`` where the study
    ///   cannot be read; ``ExperimentError`` where it is not one for this plan.
    func applied(
        to plan: ExperimentPlan, _ training: TrainingOptions, _ federated: FederatedOptions, _ cluster: ClusterOptions
    ) throws -> ExperimentPlan {
        guard let tuned else { return plan }
        let study = try StudyFile.read(tuned)
        for option in training.given(federated, cluster)
        where study.plan.dimensions.contains(where: { $0.option == option }) {
            throw ValidationError(
                "--\(option.rawValue) is among the options that the study \(tuned) chose; leave it out, or --tuned")
        }
        return try study.tuned(plan, source: StudyFile.file(tuned))
    }
}

extension TrainingOptions {
    /// Options that the command line sets and that a study could vary.
    func given(_ federated: FederatedOptions, _ cluster: ClusterOptions) -> [StudyOption] {
        let all: [(StudyOption, Bool)] = [
            (.learningRate, learningRate != nil || scaleLearningRateFrom != nil), (.momentum, momentum != nil),
            (.weightDecay, weightDecay != 0), (.batch, batch != nil), (.localEpochs, federated.localEpochs != nil),
            (.localBatch, federated.localBatch != nil), (.fraction, federated.fraction != nil),
            (.bucket, cluster.bucket != nil),
        ]
        return all.filter(\.1).map(\.0)
    }
}
