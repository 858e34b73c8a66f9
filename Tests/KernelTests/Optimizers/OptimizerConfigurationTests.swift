import Foundation
import Testing

@testable import Kernel

/// Optimizers as plans and results have them.
@Suite struct OptimizerConfigurationTests {
    private func text(_ configuration: Optimizer.Configuration) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(configuration), as: UTF8.self)
    }

    private func read(_ text: String) throws -> Optimizer.Configuration {
        try JSONDecoder().decode(Optimizer.Configuration.self, from: Data(text.utf8))
    }

    @Test func sgdIsWrittenAsBeforeThereWereOthers() throws {
        let old = #"{"momentum":0.9,"nesterov":true,"weightDecay":0.0001}"#
        let configuration = Optimizer.Configuration.sgd(momentum: 0.9, nesterov: true, weightDecay: 0.0001)
        #expect(try text(configuration) == old && read(old) == configuration)
        #expect(try text(.sgd()) == #"{"momentum":0,"nesterov":false,"weightDecay":0}"#)
    }

    @Test func theOthersAreReadAsTheyWereWritten() throws {
        let adam = Optimizer.Configuration.adam(beta1: 0.8, beta2: 0.99, epsilon: 0.5, weightDecay: 0.25)
        #expect(
            try text(adam) == #"{"beta1":0.8,"beta2":0.99,"epsilon":0.5,"kind":"adam","weightDecay":0.25}"#)
        for configuration in [adam, .adam(), .adamw(), .adamw(weightDecay: 0)] {
            #expect(try read(text(configuration)) == configuration)
        }
    }

    @Test func anUnknownOneIsAnsweredWithThoseThatThereAre() throws {
        let error = #expect(throws: DecodingError.self) { try read(#"{"kind":"lamb"}"#) }
        var words: String?
        if case .dataCorrupted(let context)? = error { words = context.debugDescription }
        #expect(words == "an optimizer 'lamb'; allowed are sgd, adam, adamw")
        #expect(throws: DecodingError.self) { try read(#"{"kind":"adam","beta1":0.9}"#) }
        #expect(throws: DecodingError.self) { try read(#"{"nesterov":false,"weightDecay":0}"#) }
    }

    @Test func optionsOfOtherKindsMakeNoDifference() {
        var (sgd, adam) = (Optimizer.Configuration.sgd(), Optimizer.Configuration.adam())
        (sgd.beta1, sgd.beta2, sgd.epsilon) = (0, 0, 1)
        (adam.momentum, adam.nesterov) = (0.5, true)
        #expect(sgd == .sgd() && sgd.hashValue == Optimizer.Configuration.sgd().hashValue && adam == .adam())
        sgd.momentum = 0.5
        adam.beta1 = 0.5
        #expect(sgd != .sgd() && adam != .adam() && adam != .adamw(weightDecay: 0) && sgd != adam)
    }

    /// A decay that was named is kept, whichever was named first.
    @Test func theUsualWeightDecayIsThatOfTheKind() {
        var configuration = Optimizer.Configuration(.adamw)
        #expect(configuration.weightDecay == 0.01)
        configuration.kind = .adam
        #expect(configuration.weightDecay == 0)
        configuration.weightDecay = 0
        configuration.kind = .adamw
        #expect(configuration.weightDecay == 0 && configuration != .adamw())
    }

    @Test func stateIsCounted() {
        let counts = [.sgd(), .sgd(momentum: 0.9), .adam(), .adamw()].map(\Optimizer.Configuration.stateVectorCount)
        #expect(counts == [0, 1, 2, 2])
    }

    @Test func onlyPlainDescentIsPlain() {
        let plain: [(Optimizer.Configuration, Bool)] = [
            (.sgd(), true), (.sgd(momentum: 0.5), false), (.sgd(weightDecay: 0.5), false), (.adam(), false),
            (.adamw(weightDecay: 0), false),
        ]
        for (configuration, isPlain) in plain {
            #expect(Optimizer(configuration, parameterCount: 1).isPlain == isPlain, "\(configuration)")
        }
    }
}
