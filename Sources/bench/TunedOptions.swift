import ArgumentParser
import Experiments
import Storage

/// Applies the options that a study chose.
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

    /// - Throws: `ValidationError` where the command line sets an option that the study chose; ``ReportError`` where
    ///   the study cannot be read; ``ExperimentError`` where it does not fit this plan.
    func applied(to plan: ExperimentPlan, _ given: PlanBuilder) throws -> ExperimentPlan {
        guard let tuned else { return plan }
        let study = try StudyFile.read(tuned)
        if let word = try OptionUse.given(given, among: study.plan.dimensions)?.word {
            throw ValidationError(
                "\(word) is among the options that the study \(tuned) chose; leave it out, or --tuned")
        }
        return try study.tuned(plan, source: StudyFile.file(tuned))
    }
}
