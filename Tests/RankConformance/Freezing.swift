import Cluster
internal import Fabrics
import Kernel

extension Conformance {
    static let freezing = [
        Conformance("a message shows what its sender had when it was sent", ranks: 3) { rank in
            guard rank.index == 0 else {
                for round in 0..<3 {
                    let message = try await rank.receive(from: 0)
                    let values = message?.vector.values
                    try expect(values == [Float(round), Float(round + 100)], "\(values ?? []) in round \(round)")
                }
                return
            }
            let model = ParameterVector([0, 100])
            for _ in 0..<3 {
                for receiver in 1...2 {
                    let message = Message(model, purpose: .model)
                    if receiver == 1 { try await rank.send(message, to: 1) } else { try rank.post(message, to: 2) }
                }
                // In place, while the messages are on their way.
                for index in 0..<model.count { model[index] += 1 }
            }
        },
        Conformance("a receiver may change what it has got, and nobody else sees that", ranks: 3) { rank in
            guard rank.index == 0 else {
                guard let vector = try await rank.receive(from: 0)?.vector else { throw Violation(description: "none") }
                vector.scale(by: Float(rank.index + 1))
                try expect(vector.values == [Float(rank.index + 1)], "\(vector.values) of rank \(rank.index)")
                return try await rank.send(Message(vector, purpose: .model), to: 0)
            }
            let model = ParameterVector([1])
            for receiver in 1...2 { try await rank.send(Message(model, purpose: .model), to: receiver) }
            for sender in 1...2 {
                let answer = try await rank.receive(from: sender)?.vector.values
                try expect(answer == [Float(sender + 1)], "\(answer ?? []) of rank \(sender)")
            }
            try expect(model.values == [1], "\(model.values)")
        },
        Conformance("a deferred computation reads the message that it began with", ranks: 3) { rank in
            guard rank.index == 0 else {
                for _ in 0..<3 {
                    guard let message = try await rank.receive(from: 0) else { throw Violation(description: "none") }
                    let work = ComputeWork.vector(elements: 1)
                    let trained = try await rank.compute(
                        work, count: 1,
                        deferring: {
                            ParameterVector([10 * message.vector[0]])
                        })
                    try await rank.send(Message(trained, weight: message.weight, purpose: .model), to: 0)
                }
                return
            }
            let model = ParameterVector([1])
            for round in 1...3 {
                for client in 1...2 {
                    try await rank.send(Message(model, weight: round, purpose: .model), to: client)
                }
                // Before anybody looks at what the clients make of it.
                model[0] += 1
                for client in 1...2 {
                    let update = try await rank.receive(from: client)
                    try expect(update?.weight == round, "round \(String(describing: update?.weight))")
                    try expect(update?.vector.values == [10 * Float(round)], "\(update?.vector.values ?? [])")
                }
            }
        },
        Conformance("a vector that a rank goes on changing is frozen when its computation ends", ranks: 2) { rank in
            guard rank.index == 0 else {
                let model = ParameterVector([0])
                for round in 1...3 {
                    try await rank.compute(.vector(elements: 1)) { model[0] = Float(round) }
                    let state = try await rank.compute(
                        .none, count: 1,
                        deferring: { [round] in
                            ParameterVector([Float(round)])
                        })
                    try await rank.send(Message(model, purpose: .model), to: 0)
                    try await rank.send(Message(state, purpose: .model), to: 0)
                }
                return
            }
            var messages: [Message] = []
            while let message = try await rank.receive(from: 1) { messages.append(message) }
            let values = messages.map { $0.vector[0] }
            try expect(values == [1, 1, 2, 2, 3, 3], "\(values)")
        },
    ]
}
