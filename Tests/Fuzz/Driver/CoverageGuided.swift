import Foundation
import Fuzzing

/// The search by libFuzzer, which keeps inputs that reach new code; `Benchmarks/fuzz.sh` builds with what it needs.
enum CoverageGuided {
    #if COVERAGE
        /// Inputs of the class that is searched, set before the search begins.
        nonisolated(unsafe) fileprivate static var inputs: Inputs?

        /// - Parameter options: libFuzzer's own, and folders of inputs.
        static func search(_ inputs: Inputs, _ options: [String]) throws -> Int32 {
            Self.inputs = inputs
            let words: [UnsafeMutablePointer<CChar>?] = (["fuzz-readers"] + options).map { strdup($0) } + [nil]
            let arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count)
            arguments.initialize(from: words, count: words.count)
            var (count, start) = (Int32(words.count - 1), arguments)
            return runDriver(&count, &start) { data, size in
                guard let inputs = CoverageGuided.inputs else { return 0 }
                let input = Array(UnsafeBufferPointer(start: data, count: size))
                switch Judge(inputs.kind).judge(input) {
                case .accepted, .refused: return 0
                case .wrong(let what), .told(let what): fatalError(what)
                case .memory(let taken, let allowed): fatalError("memory: \(taken) bytes taken, \(allowed) allowed")
                }
            }
        }
    #else
        static func search(_ inputs: Inputs, _ options: [String]) throws -> Int32 {
            throw WrongAnswer("built without libFuzzer; 'Benchmarks/fuzz.sh' builds with it")
        }
    #endif
}

#if COVERAGE
    // libFuzzer's interface (LLVM, compiler-rt/include/fuzzer/FuzzerInterface.h).
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<Int32>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ read: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    @_silgen_name("LLVMFuzzerMutate")
    private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int) -> Int

    /// Changes of the class in three of four cases, libFuzzer's in the others; checksums are renewed after both.
    @_cdecl("LLVMFuzzerCustomMutator")
    func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ most: Int, _ seed: UInt32) -> Int {
        guard let inputs = CoverageGuided.inputs else { return mutateBytes(data, size, most) }
        var draws = Draws(seed: UInt64(seed), class: inputs.kind.name, index: size)
        let count = draws.oneIn(4) ? mutateBytes(data, size, most) : size
        var input = Array(UnsafeBufferPointer(start: data, count: count))
        if count == size { inputs.kind.mutate(&input, other: draws.pick(inputs.seeds), &draws) }
        inputs.kind.finish(&input, &draws)
        let kept = min(most, input.count)
        for index in 0..<kept { data[index] = input[index] }
        return kept
    }
#endif
