import Kernel

/// The numbers of a ``NamedState`` at one moment.
package struct StateValues: Sendable {
    /// All vectors by name; vectors of one rank have names of ``name(_:ofRank:)``.
    package var vectors: [String: ParameterVector] = [:]
    package var counts: [String: [Int]]

    package init(vectors: [String: ParameterVector] = [:], counts: [String: [Int]]) {
        self.vectors = vectors
        self.counts = counts
    }

    /// What a rank's own vector is called.
    static func name(_ name: String, ofRank rank: Int) -> String { "\(name) of rank \(rank)" }

    /// What is not as a strategy declares it, with what is allowed; nil where all is.
    ///
    /// - Parameters:
    ///   - parameterCount: numbers in a vector; nil for as many as the model has.
    ///   - largestCount: the most that a count may be.
    func problem(
        _ declarations: [StateDeclaration], ranks: Int, parameterCount: Int? = nil, largestCount: Int = .max
    ) -> String? {
        var (missing, allowed): (Set<String>, [String: StateDeclaration]) = ([], [:])
        for declaration in declarations {
            switch (declaration.kind, declaration.holder) {
            case (.counts(let count), _):
                let found = counts[declaration.name] ?? []
                guard found.count == count, found.allSatisfy((0...largestCount).contains) else {
                    return "\(found.count) counts '\(declaration.name)'; allowed are \(count) from 0 to \(largestCount)"
                }
            case (_, .eachWorker):
                for rank in 0..<ranks { allowed[Self.name(declaration.name, ofRank: rank)] = declaration }
            case (_, _):
                missing.insert(declaration.name)
                allowed[declaration.name] = declaration
            }
        }
        missing.subtract(vectors.keys)
        if let name = missing.min() { return "no vector '\(name)', which the run needs" }
        let model =
            vectors[StateDeclaration.parametersName] ?? vectors[Self.name(StateDeclaration.parametersName, ofRank: 0)]
        let parameters = parameterCount ?? model?.count
        for (name, vector) in vectors.sorted(by: { $0.key < $1.key }) {
            guard let declaration = allowed[name] else {
                let names = declarations.filter { $0.length(parameters: 0) != nil }.map(\.name)
                return "a vector '\(name)'; allowed are \(names)"
            }
            if let parameters, let expected = declaration.length(parameters: parameters), vector.count != expected {
                return "\(vector.count) numbers in vector '\(name)'; allowed are \(expected)"
            }
        }
        let names = Set(declarations.filter { $0.length(parameters: 0) == nil }.map(\.name))
        return counts.keys.sorted().first { !names.contains($0) }.map { "counts '\($0)', which the run does not have" }
    }

    func hasSameBits(as other: StateValues) -> Bool {
        counts == other.counts && vectors.count == other.vectors.count
            && vectors.allSatisfy { name, vector in
                other.vectors[name].map { $0.values.map(\.bitPattern) == vector.values.map(\.bitPattern) } ?? false
            }
    }
}
