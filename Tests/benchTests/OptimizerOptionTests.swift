import Experiments
import Foundation
import Kernel
import Studies
import Tasks
import Testing
import Training

@testable import BenchCommands

/// `--optimizer` and its options on the command line.
@Suite struct OptimizerOptionTests {
    private func plan(_ arguments: [String]) throws -> ExperimentPlan { try Run.of(arguments).builder.plan() }

    private func optimizer(_ arguments: String...) throws -> Optimizer.Configuration {
        try #require(plan(["--strategy", "sync"] + arguments).strategies.first).configuration.optimizer
    }

    // MARK: What is planned

    @Test func whatIsNotSaidIsPyTorchs() throws {
        #expect(try optimizer() == .sgd() && optimizer("--optimizer", "sgd") == .sgd())
        #expect(try optimizer("--optimizer", "adam") == .adam())
        #expect(try optimizer("--optimizer", "adamw") == .adamw(weightDecay: 0.01))
        #expect(try optimizer("--optimizer", "adamw", "--weight-decay", "0") == .adamw(weightDecay: 0))
        let options = ["--beta1", "0.8", "--beta2", "0.99", "--epsilon", "1e-4", "--weight-decay", "0.5"]
        let adam = try #require(plan(["--strategy", "sync", "--optimizer", "adam"] + options).strategies.first)
        #expect(
            adam.configuration.optimizer == .adam(beta1: 0.8, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.5))
        // In either order, and for one row alone.
        let rows = try plan(["--strategy", "sync,sync(beta1=0.5,optimizer=adamw)", "--momentum", "0.5"]).strategies
        #expect(rows.map(\.configuration.optimizer) == [.sgd(momentum: 0.5), .adamw(beta1: 0.5)])
    }

    /// 0.001 is PyTorch's; the task's 0.5 and 0.3 were tuned for SGD.
    @Test func withoutARateThatFitsItIsPyTorchsAndUntuned() throws {
        let all = try plan(["--strategy", "sync,federated,sync(optimizer=adam)"]).strategies
        #expect(all.map(\.configuration.schedule.baseRate) == [0.5, 0.3, 0.001])
        #expect(all.map { $0.tuning?.isTuned } == [true, true, false])
        let adam = try plan(["--strategy", "sync,federated", "--optimizer", "adam"])
        #expect(adam.strategies.map(\.configuration.schedule.baseRate) == [0.001, 0.001])
        let words = "0.001, PyTorch's for adam, and not tuned for this task"
        #expect(adam.strategies.map { $0.tuning?.words } == ["untuned (\(words))", "untuned (\(words))"])
        let builder = try Run.of(["--strategy", "sync,federated", "--optimizer", "adam"]).builder
        #expect(
            builder.rateNotes(adam)
                == ["sync, federated: the learning rate is \(words); name one with --learning-rate"])
        let given = try plan(["--strategy", "sync", "--optimizer", "adam", "--learning-rate", "0.25"])
        #expect(given.strategies[0].configuration.schedule.baseRate == 0.25 && given.strategies[0].tuning == nil)
        #expect(try builder.rateNotes(given).isEmpty && builder.rateNotes(plan(["--strategy", "sync"])).isEmpty)
        let scaled = try plan(["--strategy", "sync", "--optimizer", "adam", "--scale-learning-rate-from", "32"])
        let schedule = scaled.strategies[0].configuration.schedule
        #expect(schedule.baseRate == 0.001 && schedule.referenceBatch == 32 && scaled.strategies[0].tuning == nil)
        let row = try plan(["--strategy", "sync(optimizer=adam,learning-rate=0.125)"])
        #expect(row.strategies[0].configuration.schedule.baseRate == 0.125)
    }

    @Test func theReportHasTheOptimizerWhereNotAllAreSGD() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "single,single(optimizer=adam)"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.errors.contains("single(optimizer=adam): the learning rate is 0.001, PyTorch's for adam"))
            let report = try String(contentsOf: folder.url.appendingPathComponent("results/report.md"), encoding: .utf8)
            #expect(report.contains(" | learning rate | optimizer "), "\(report)")
            #expect(report.contains("| adam, β1 0.9, β2 0.999, ε 1e-08 ") && report.contains("| sgd, momentum 0 "))
            #expect(report.contains("untuned (0.001, PyTorch's for adam, and not tuned for this task)"))
        }
    }

    // MARK: Errors

    static let wrong = [
        WrongArguments("--optimizer", "lamb", says: ["optimizer 'lamb'", "sgd, adam, adamw"]),
        WrongArguments("--optimizer", "adam", "--beta1", "1", says: ["--beta1 is 1", "0 to below 1"]),
        WrongArguments("--optimizer", "adam", "--beta2", "-0.1", says: ["--beta2 is -0.1", "0 to below 1"]),
        WrongArguments("--optimizer", "adam", "--beta2", "nan", says: ["--beta2 is nan", "0 to below 1"]),
        WrongArguments("--optimizer", "adam", "--epsilon", "0", says: ["--epsilon is 0", "1e-30 to 1.0"]),
        WrongArguments("--strategy", "sync(optimizer=lamb)", says: ["optimizer", "'lamb'", "sgd, adam, adamw"]),
        WrongArguments("--strategy", "sync(optimizer=adam,beta1=1)", says: ["beta1 is 1", "from 0 to below 1"]),
        WrongArguments(
            "--optimizer", "adam", "--nesterov", says: ["--nesterov is for momentum", "sgd and not of adam"]),
        WrongArguments(
            "--strategy", "dpsgd", "--correction", "exact-diffusion", "--optimizer", "adam",
            says: ["correction 'exact-diffusion'", "each node's adam scales", "allowed are --optimizer sgd"]),
        WrongArguments(
            "--strategy", "community", "--shares", "predictions", "--follows", "all", "--optimizer", "adamw",
            says: ["plain descent", "allowed with shares 'predictions' is --optimizer sgd"]),
        WrongArguments(
            "study", "--strategy", "sync", "--optimizer", "adam", "--vary", "optimizer=sgd,adam",
            says: ["--optimizer sets what --vary optimizer varies"]),
        WrongArguments(
            "study", "--strategy", "sync", "--vary", "optimizer=sgd,adam",
            says: ["--vary optimizer without learning rates", "add --vary learning-rate=..., or name one"]),
        WrongArguments(
            "study", "--strategy", "sync", "--vary", "beta1=0.5,0.9",
            says: ["beta1 is an option of none of the strategies sync"]),
        WrongArguments(
            "study", "--strategy", "sync", "--optimizer", "adam", "--vary", "momentum=0,0.9",
            says: ["momentum is an option of none of the strategies sync"]),
    ]

    @Test(arguments: wrong) func whatCannotBeIsAnsweredWithWhatIsAllowed(_ wrong: WrongArguments) async throws {
        try await expectError(wrong.arguments, code: 64, wrong.parts)
    }

    // MARK: Studies

    @Test func optimizersAndTheirOptionsAreVaried() throws {
        let study = try StudyCommand.parse([
            "--strategy", "sync", "--vary", "optimizer=sgd,adamw", "--vary", "learning-rate=0.01,0.1", "--vary",
            "beta1=0.5,0.9", "--beta2", "0.75",
        ]).plan()
        let optimizers = try study.trials.map { try study.strategy($0).configuration.optimizer }
        #expect(study.trialCount == 8)
        #expect(Set(optimizers) == [.sgd(), .adamw(beta1: 0.5, beta2: 0.75), .adamw(beta1: 0.9, beta2: 0.75)])
    }

    @Test func aStudyOfAdamBeginsAroundItsUsualRate() throws {
        func rates(_ arguments: String...) throws -> [String] {
            try StudyCommand.parse(["--strategy", "sync"] + arguments).plan().trials.compactMap {
                $0.value(of: .learningRate)
            }
        }
        #expect(try rates("--optimizer", "adam") == ["0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"])
        #expect(try rates() == ["0.05", "0.1", "0.2", "0.4", "0.8", "1.6"])
    }
}
